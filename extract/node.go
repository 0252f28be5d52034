package extract

import "slices"

// A node is a place in a JSON object whose value, or values inside it, are wanted.
type node struct {
	name     string
	slots    []int // which values to set from the value at this place
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

func (n *node) add(path []string, slot int) {
	if len(path) == 0 {
		n.slots = append(n.slots, slot)
		return
	}
	for i := range n.children {
		if n.children[i].name == path[0] {
			n.children[i].add(path[1:], slot)
			return
		}
	}
	n.children = append(n.children, node{name: path[0]})
	n.lengths |= 1 << min(len(path[0]), 63)
	n.children[len(n.children)-1].add(path[1:], slot)
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
	for _, slot := range n.slots {
		values[slot] = v
	}
	for i := range n.children {
		n.children[i].set(values, v)
	}
}
