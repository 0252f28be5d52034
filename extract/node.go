package extract

import "slices"

// A node is a place in a JSON object whose value, or values inside it, are wanted.
type node struct {
	name     string
	slots    []int // which values to set from the value at this place, or from one that stands in place of an object around it
	own      []int // which to set from the value at this place alone
	children []node
	embedded bool   // the value may be a text that holds an object
	next     int    // child that is likely to come next: records repeat the order of their keys
	lengths  uint64 // bit n is set if a child's name has n bytes (63: or more)
}

// newNode returns the root of the places named by paths: the value at
// paths[i] is wanted in slot i. Empty paths are not wanted.
func newNode(paths [][]string) *node {
	root := &node{}
	for slot, path := range paths {
		if len(path) > 0 {
			root.add(path, slot)
		}
	}
	return root
}

// embed says that the values of some places may be texts that hold an object.
func (n *node) embed(names ...string) *node {
	for i := range n.children {
		n.children[i].embedded = n.children[i].embedded || slices.Contains(names, n.children[i].name)
	}
	return n
}

// keep wants the value at each path in a slot, the first of them in the slot
// first, and nothing there where a value stands in place of an object.
func (n *node) keep(paths [][]string, first int) *node {
	for i, path := range paths {
		at := n.at(path)
		at.own = append(at.own, first+i)
	}
	return n
}

func (n *node) add(path []string, slot int) {
	at := n.at(path)
	at.slots = append(at.slots, slot)
}

// at returns the node of a path, a new one if there is none.
func (n *node) at(path []string) *node {
	if len(path) == 0 {
		return n
	}
	for i := range n.children {
		if n.children[i].name == path[0] {
			return n.children[i].at(path[1:])
		}
	}
	n.children = append(n.children, node{name: path[0]})
	n.lengths |= 1 << min(len(path[0]), 63)
	return n.children[len(n.children)-1].at(path[1:])
}

// child returns the node of a key, nil if nothing there is wanted.
func (n *node) child(key []byte) *node {
	if n.lengths&(1<<min(len(key), 63)) == 0 {
		return nil
	}
	for i := n.next; i < len(n.children); i++ {
		if n.children[i].name == string(key) {
			n.next = i + 1
			return &n.children[i]
		}
	}
	for i := 0; i < n.next; i++ {
		if n.children[i].name == string(key) {
			n.next = i + 1
			return &n.children[i]
		}
	}
	return nil
}

// set gives a value to every slot at or below the node.
func (n *node) set(values []value, v value) {
	n.put(values, v)
	for i := range n.children {
		n.children[i].inherit(values, v)
	}
}

// put gives a value to the slots of the node.
func (n *node) put(values []value, v value) {
	for _, slot := range n.slots {
		values[slot] = v
	}
	for _, slot := range n.own {
		values[slot] = v
	}
}

// inherit gives a value that stands in place of an object to the slots at or
// below a node inside of it.
func (n *node) inherit(values []value, v value) {
	for _, slot := range n.slots {
		values[slot] = v
	}
	for _, slot := range n.own {
		values[slot] = value{}
	}
	for i := range n.children {
		n.children[i].inherit(values, v)
	}
}
