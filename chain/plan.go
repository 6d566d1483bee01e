package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
)

// Instance is a configured filter.
type Instance struct {
	Name   string // unique; names the check in records
	Kind   filters.Kind
	Filter filters.Filter
}

// node is an instance in the plan. Its number is its place in Chain.nodes.
type node struct {
	Instance
	stage mail.Stage // not before the stage of any node it comes after
	after []int      // numbers of the nodes whose results it reads; all smaller than its own
	gate  *gate
	early filters.Early // nil: it does not look early
	late  filters.Late  // nil: it does not look once more
}

// plan orders the instances so that each comes after those it reads, and
// otherwise as they were given.
func plan(instances []Instance) ([]node, error) {
	byKind := map[string][]int{}
	names := map[string]bool{}
	for i, in := range instances {
		if names[in.Name] {
			return nil, fmt.Errorf("chain: two filters are named %q", in.Name)
		}
		names[in.Name] = true
		byKind[in.Kind.Name] = append(byKind[in.Kind.Name], i)
	}
	p := planner{instances: instances, byKind: byKind, number: make([]int, len(instances))}
	for i := range instances {
		if err := p.visit(i, nil); err != nil {
			return nil, err
		}
	}
	return p.nodes, nil
}

const (
	unseen  = 0
	visited = -1 // being visited: meeting it again closes a circle
)

type planner struct {
	instances []Instance
	byKind    map[string][]int
	number    []int // by instance: 1 + its number in nodes, or one of the constants above
	nodes     []node
}

func (p *planner) visit(i int, path []string) error {
	in := p.instances[i]
	path = append(path, in.Name)
	if p.number[i] == visited {
		return fmt.Errorf("chain: filters wait for each other: %s", strings.Join(path, " after "))
	}
	if p.number[i] != unseen {
		return nil
	}
	p.number[i] = visited
	n := node{Instance: in, stage: in.Kind.Stage, gate: new(gate)}
	for _, kind := range in.Kind.After {
		for _, j := range p.byKind[kind] {
			if err := p.visit(j, path); err != nil {
				return err
			}
			n.after = append(n.after, p.number[j]-1)
			n.stage = max(n.stage, p.nodes[p.number[j]-1].stage)
		}
	}
	if n.stage == mail.StageData {
		n.early, _ = in.Filter.(filters.Early)
	}
	if n.stage == mail.StageRcpt {
		n.late, _ = in.Filter.(filters.Late)
	}
	slices.Sort(n.after)
	p.nodes = append(p.nodes, n)
	p.number[i] = len(p.nodes)
	return nil
}
