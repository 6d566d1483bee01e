// Demo shows what Postern does with a dozen messages sent through a real
// Postfix, and ends without leaving anything behind. It fails when a message was not
// judged as it must be.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/test/world"
)

func main() {
	program := flag.String("program", "bin/postern", "the postern to show")
	keep := flag.Bool("keep", false, "stay up until interrupted")
	flag.Parse()
	if err := run(*program, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(program string, keep bool) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "postern-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("Starting a private Postfix, a DNS server and postern ...")
	w, err := world.Start(ctx, world.Options{Program: program, Dir: dir})
	if err != nil {
		return err
	}
	defer func() {
		if e := w.Stop(); err == nil {
			err = e
		}
	}()
	wrong, err := show(ctx, w)
	if err != nil {
		return err
	}
	if keep {
		fmt.Printf("\nSMTP   %s   (XCLIENT is allowed; mail for any address at here.example)\nadmin  %s/\nconfig %s\nInterrupt to end.\n",
			w.Postfix.Addr(), w.Admin, w.Config)
		<-ctx.Done()
	}
	if wrong > 0 {
		return fmt.Errorf("%d messages were not treated as they must be", wrong)
	}
	return nil
}

func show(ctx context.Context, w *world.World) (wrong int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	scenes, err := w.Keys.Scenes()
	if err != nil {
		return 0, err
	}
	played, err := w.Play(ctx, scenes)
	if err != nil {
		return 0, err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "\nMESSAGE\tVERDICT\tSCORE\tDECIDED BY\tWHERE IT WENT")
	var problems []string
	for _, p := range played {
		if problem := p.Problem(); problem != "" {
			wrong++
			problems = append(problems, p.Name+": "+problem)
		}
		if p.Record == nil {
			fmt.Fprintf(t, "%s\t-\t-\t-\t%s\n", p.Name, p.SMTP.Data)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%s\t%s\n", p.Name, p.Record.Action, p.Record.Score, decidedBy(p), where(p))
	}
	if err := t.Flush(); err != nil {
		return 0, err
	}
	for _, problem := range problems {
		fmt.Println("WRONG:", problem)
	}
	return wrong, nil
}

// decidedBy names the symbols that decided, else the heaviest ones.
func decidedBy(p world.Played) string {
	if d := p.Record.Explanation.Decided; len(d) > 0 {
		return strings.Join(d, " ")
	}
	var names []string
	for _, s := range p.Record.Symbols[:min(3, len(p.Record.Symbols))] {
		names = append(names, fmt.Sprintf("%s(%+.1f)", s.Name, s.Score))
	}
	return strings.Join(names, " ")
}

func where(p world.Played) string {
	switch p.Fate {
	case world.Refused:
		return "refused: " + p.SMTP.Data.String()
	case world.Delivered:
		text := fmt.Sprintf("delivered to %d", len(p.Copies))
		for i, r := range p.SMTP.Rcpts {
			if !r.OK() {
				text += fmt.Sprintf("; %s refused: %d", p.Envelope.Rcpts[i], r.Code)
			}
		}
		return text
	case world.Held:
		return "held in the queue: " + p.SMTP.Data.Text[strings.LastIndexByte(p.SMTP.Data.Text, ' ')+1:]
	default:
		return string(p.Fate)
	}
}
