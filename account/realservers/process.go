package realservers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startTimeout bounds how long a server may take to accept connections, and
// stopTimeout how long it may take to end before it is killed.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
)

// need skips the test, or fails it with MUA_REAL_SERVERS=require, unless the
// programs are there and we are root.
func need(t testing.TB, programs ...string) {
	t.Helper()
	if err := missing(programs); err != nil {
		if os.Getenv("MUA_REAL_SERVERS") == "require" {
			t.Fatalf("MUA_REAL_SERVERS=require, but %v", err)
		}
		t.Skipf("no real servers: %v", err)
	}
}

func missing(programs []string) error {
	for _, p := range programs {
		if _, err := find(p); err != nil {
			return fmt.Errorf("%s is not installed", p)
		}
	}
	if os.Geteuid() != 0 {
		return errors.New("this is not root, whom Dovecot and Postfix need to change users")
	}
	return nil
}

// find looks in PATH and where administrators' programs are.
func find(program string) (string, error) {
	if p, err := exec.LookPath(program); err == nil {
		return p, nil
	}
	for _, dir := range []string{"/usr/sbin/", "/usr/local/sbin/"} {
		if p, err := exec.LookPath(dir + program); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s: %w", program, exec.ErrNotFound)
}

// process is a server in the foreground. It dies with us, however we die, where
// the system can do that (Linux).
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

func startProcess(name string, args ...string) (*process, error) {
	path, err := find(name)
	if err != nil {
		return nil, err
	}
	p := &process{name: name, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.SysProcAttr = attributes()
	started := make(chan error)
	go func() {
		// The parent-death signal is tied to the thread that started the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// waitFor returns once all addresses accept connections, or with an error when
// the process has ended or time is up.
func (p *process) waitFor(addrs ...string) error {
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for len(addrs) > 0 {
		if c, err := net.Dial("tcp", addrs[0]); err == nil {
			c.Close()
			addrs = addrs[1:]
			continue
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at once", p.name)
		case <-deadline.C:
			return fmt.Errorf("%s does not accept connections on %s", p.name, addrs[0])
		case <-tick.C:
		}
	}
	return nil
}

// stop asks the process to end and waits, then kills what is left of its process
// group.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	t := time.NewTimer(stopTimeout)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
	}
	p.kill()
}

// kill ends the whole process group at once.
func (p *process) kill() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// removeAll removes a folder in which a process that is being killed may be about
// to make one more file.
func removeAll(dir string) {
	for range 100 {
		if os.RemoveAll(dir) == nil {
			return
		}
	}
}

// tryPorts calls start with n free ports, up to five times: between our looking
// and the server's binding another may take one.
func tryPorts(n int, start func([]int) error) error {
	var err error
	for range 5 {
		var ports []int
		if ports, err = freePorts(n); err != nil {
			return err
		}
		if err = start(ports); err == nil {
			return nil
		}
	}
	return err
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all held until the last is found: no two alike
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// tail is the end of a log.
func tail(log string) string {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
