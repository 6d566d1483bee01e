package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// compose is docker-compose.yml as Compose understands it, as far as the tests look.
type compose struct {
	Services map[string]struct {
		Build       struct{ Context string }
		Image       string
		User        string
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		Healthcheck struct{ Test []string }
		Environment map[string]string
		Ports       []any
		Volumes     []any
		DNS         []string
		Networks    map[string]struct {
			Address string `yaml:"ipv4_address"`
		}
	}
	Volumes map[string]any
}

func readCompose(t *testing.T) compose {
	t.Helper()
	if _, err := exec.LookPath("docker-compose"); err != nil {
		t.Skip("docker-compose is not installed (Debian package docker-compose)")
	}
	var out, errOut bytes.Buffer
	cmd := exec.Command("docker-compose", "-f", "../../docker-compose.yml", "config")
	cmd.Env = append(os.Environ(), "MAIL_DOMAIN=here.example", "MAIL_HOSTNAME=mx.here.example")
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker-compose config: %v: %s", err, errOut.String())
	}
	var c compose
	if err := yaml.Unmarshal(out.Bytes(), &c); err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	return c
}

// No container engine runs where the tests do: what can be known without one is that Compose takes the
// file, that what it names is there, and that its parts agree with each other.
func TestComposeFileIsSound(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		if len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s has no health check", name)
		}
		if (s.Build.Context == "") == (s.Image == "") {
			t.Errorf("%s is neither built nor an image, or both", name)
		}
		if s.Build.Context != "" {
			checkBuild(t, s.Build.Context)
		}
		if (len(s.Ports) > 0) != (name == "postfix") {
			t.Errorf("%s publishes %v", name, s.Ports)
		}
	}
	p := c.Services["postern"]
	if p.User != "65532:65532" || !p.ReadOnly || !slices.Equal(p.CapDrop, []string{"ALL"}) {
		t.Errorf("postern runs as %q, read-only %v, without %v", p.User, p.ReadOnly, p.CapDrop)
	}
	if got := c.Services["postfix"].Environment["MAIL_DOMAIN"]; got != "here.example" {
		t.Errorf("mail is taken for %q", got)
	}
	for _, volume := range []string{"queue", "mail", "state", "redis"} {
		if _, ok := c.Volumes[volume]; !ok {
			t.Errorf("there is no volume %q", volume)
		}
	}
}

// checkBuild looks whether what a Dockerfile copies from its context is there.
func checkBuild(t *testing.T, context string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(context, "Dockerfile"))
	if err != nil {
		t.Error(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-\n]*) \S+$`).FindAllStringSubmatch(string(text), -1) {
		for _, file := range strings.Fields(m[1]) {
			if _, err := os.Stat(filepath.Join(context, file)); err != nil {
				t.Error(err)
			}
		}
	}
}

// The configuration in the container is sound and asks the services by where Compose puts them.
func TestComposeAndItsConfigurationAgree(t *testing.T) {
	c := readCompose(t)
	const file = "../../docker/postern.yaml"
	out, err := exec.Command(program, "--config", file, "config", "check").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	var cfg struct {
		Listeners []struct{ Milter string }
		DNS       struct{ Servers []string }
		Redis     struct{ URL string }
	}
	text, err := exec.Command(program, "--config", file, "config", "show", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &cfg); err != nil {
		t.Fatal(err)
	}
	resolver := c.Services["unbound"].Networks["mail"].Address
	if !slices.Equal(cfg.DNS.Servers, []string{resolver}) || !slices.Equal(c.Services["postfix"].DNS, []string{resolver}) {
		t.Errorf("unbound is at %s, Postern asks %v, Postfix %v", resolver, cfg.DNS.Servers, c.Services["postfix"].DNS)
	}
	if cfg.Redis.URL != "redis://redis:6379/0" || c.Services["redis"].Image == "" {
		t.Errorf("Redis at %s", cfg.Redis.URL)
	}
	start, err := os.ReadFile("../../docker/postfix/start")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listeners[0].Milter != "tcp:*:8890" || !bytes.Contains(start, []byte("smtpd_milters = inet:postern:8890")) {
		t.Errorf("Postern listens on %s, Postfix asks elsewhere", cfg.Listeners[0].Milter)
	}
}

func TestTheImageIsBuiltByTheGoOfTheModule(t *testing.T) {
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	if version == nil || !bytes.Contains(image, []byte("FROM golang:"+string(version[1])+"-")) {
		t.Errorf("go.mod has %q", version)
	}
}

// The script that sets Postfix up in its container leaves a configuration that Postfix takes.
func TestTheContainersPostfixIsSetUpSoundly(t *testing.T) {
	if _, err := exec.LookPath("postconf"); err != nil {
		t.Skip("Postfix is not installed (Debian package postfix)")
	}
	dir, bin := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		filepath.Join(dir, "main.cf"):   "compatibility_level = 3.6\n",
		filepath.Join(dir, "master.cf"): "smtp inet n - y - - smtpd\nvirtual unix - n n - - virtual\n",
		filepath.Join(bin, "install"):   "#!/bin/sh\n",
		filepath.Join(bin, "postfix"):   "#!/bin/sh\nexec postconf -n\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("../../docker/postfix/start")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "MAIL_CONFIG="+dir, "MAIL_DOMAIN=here.example", "MAIL_HOSTNAME=mx.here.example")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"myhostname = mx.here.example\n", "virtual_mailbox_maps = static:here.example/\n", "smtpd_milters = inet:postern:8890\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(string(out), "warning") || strings.Contains(string(out), "unused") {
		t.Errorf("%s", out)
	}
	master, err := os.ReadFile(filepath.Join(dir, "master.cf"))
	if err != nil || !regexp.MustCompile(`smtp +inet +n +- +n `).Match(master) {
		t.Errorf("chroot: %s, %v", master, err)
	}
}
