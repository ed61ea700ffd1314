package agent

import "testing"

// BenchmarkLook is what the machine's surroundings cost, every two seconds.
func BenchmarkLook(b *testing.B) {
	look := surroundings()
	for b.Loop() {
		look()
	}
}
