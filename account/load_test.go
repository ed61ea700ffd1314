package account

import "testing"

// TestFoldersFollowEnvironment: the folders are those of the environment as it is, also when it changed meanwhile.
func TestFoldersFollowEnvironment(t *testing.T) {
	for _, name := range []string{"MUA_CONFIG", "MUA_DATA"} {
		t.Setenv(name, "")
	}
	for _, dir := range []string{t.TempDir(), t.TempDir()} {
		for _, name := range []string{"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"} {
			t.Setenv(name, dir)
		}
		for range 2 {
			for got, want := range map[string]string{
				DefaultPath(): dir + "/mua/config.toml", DefaultData(): dir + "/mua", DefaultState(): dir + "/mua",
			} {
				if got != want {
					t.Errorf("%s, not %s", got, want)
				}
			}
		}
	}
}
