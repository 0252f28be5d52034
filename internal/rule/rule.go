// Package rule turns the rules of a user's own segments, written as
// expressions, into functions of what is known of a user at the end of a day.
//
// An expression is checked as a whole before anything runs: its names, its
// types, and that it says yes or no. It sees one user, has no clock and no
// state, and neither loops nor names intermediate values, so what it costs is
// bounded by its own length.
package rule

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"sojourn/transform"
)

// What a rule may be made of.
const (
	longestText = 4000 // bytes
	mostNodes   = 500  // names, values and operators
)

// functions are those of the language that a rule may call: of numbers and
// texts alone.
var functions = []string{"abs", "ceil", "floor", "round", "min", "max", "len", "lower", "upper", "trim"}

// A Rule is a condition on a user at the end of a day.
type Rule struct {
	Events     []string // names of the events that it asks for, sorted
	Properties []string // likewise
	program    *vm.Program
}

// An Error says what is wrong with a rule, and shows where.
type Error struct {
	Message      string
	Line, Column int    // from 1; 0 if it is about the whole
	Snippet      string // the line with a caret under the place, in lines of their own; "" likewise
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (%d:%d)%s", e.Message, e.Line, e.Column, e.Snippet)
}

// Parse reads a rule. What is wrong with it is an [*Error].
func Parse(text string) (*Rule, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, &Error{Message: "it is empty: want a condition, such as sessions_28d >= 4"}
	case len(text) > longestText:
		return nil, &Error{Message: fmt.Sprintf("it has %d bytes: want at most %d", len(text), longestText)}
	}
	looked := &look{names: map[string][]string{}}
	options := []expr.Option{expr.Env(environment{}), expr.AsBool(), expr.WarnOnAny(), expr.MaxNodes(mostNodes), expr.Patch(looked), expr.DisableAllBuiltins()}
	for _, name := range functions {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := expr.Compile(text, options...)
	if problem := looked.problem(); problem != nil {
		err = problem.Bind(file.NewSource(text))
	}
	if err != nil {
		return nil, explain(text, err)
	}
	return &Rule{looked.names["event"], looked.names["property"], program}, nil
}

// Holds says whether the rule holds for a user. It fails if a part of it has
// no value, such as a remainder of 0.
func (r *Rule) Holds(u *transform.UserDay) (bool, error) {
	env := newEnvironment(u)
	value, err := expr.Run(r.program, &env)
	if err != nil {
		return false, err
	}
	holds, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("the rule gives %T, not true or false", value)
	}
	return holds, nil
}

// explain puts an error of the language in our words.
func explain(text string, err error) error {
	at := &file.Error{Message: err.Error()} // one of the whole has no place: take the beginning
	if !errors.As(err, &at) {
		at = at.Bind(file.NewSource(text))
	}
	message := at.Message
	if kind, ok := strings.CutPrefix(message, "expected bool, but got "); ok {
		message = fmt.Sprintf("it gives a value of type %s: want a condition, which is true or false", kind)
	}
	if strings.HasPrefix(message, "unknown name ") {
		message += ": docs/segments.md has the names"
	}
	return &Error{message, at.Line, at.Column + 1, at.Snippet}
}

// A look goes over the parts of an expression, to refuse what a rule may not
// be made of and to take down the names that it asks for.
type look struct {
	names    map[string][]string   // events, screens and properties that are asked for, each sorted
	unsure   []*ast.IdentifierNode // numbers that may be unknown, where nothing says what then
	problems []*file.Error
}

// problem is the first that was found, nil if there is none.
func (l *look) problem() *file.Error {
	if len(l.problems) == 0 && len(l.unsure) > 0 {
		l.refuse(l.unsure[0], "%s may be unknown: say what it is then, as in (%[1]s ?? 0) > 60", l.unsure[0].Value)
	}
	if len(l.problems) == 0 {
		return nil
	}
	return l.problems[0]
}

// Visit is called with every part, those inside before the one around them.
func (l *look) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			l.refuse(n, "a rule is made of names, values, operators and functions alone")
		}
		if mayBeUnknown(n.Value) {
			l.unsure = append(l.unsure, n)
		}
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode,
		*ast.UnaryNode, *ast.ConditionalNode, *ast.ArrayNode:
	case *ast.BinaryNode:
		l.operator(n)
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) {
			l.refuse(n, "there is no function %s in rules: want one of %s", n.Name, strings.Join(functions, ", "))
		}
	case *ast.CallNode:
		l.call(n)
	default:
		l.refuse(n, "a rule is made of names, values, operators and functions alone")
	}
}

// operator checks an operator between two values.
func (l *look) operator(n *ast.BinaryNode) {
	switch n.Operator {
	case "..":
		l.refuse(n, "a range is no part of a rule: write x >= 1 and x <= 3")
	case "matches":
		if _, ok := n.Right.(*ast.StringNode); !ok {
			l.refuse(n.Right, "matches: want a pattern in quotes")
		}
	case "??":
		l.sure(n.Left)
		if left, ok := n.Left.(*ast.IdentifierNode); ok && mayBeUnknown(left.Value) && !isNumber(n.Right.Type()) {
			l.refuse(n.Right, "%s is a number: want a number after ??", left.Value)
		}
	case "==", "!=":
		if _, ok := n.Right.(*ast.NilNode); ok {
			l.sure(n.Left)
		}
		if _, ok := n.Left.(*ast.NilNode); ok {
			l.sure(n.Right)
		}
	}
}

// sure takes a number off those that nothing says of what they are if they are
// unknown.
func (l *look) sure(node ast.Node) {
	l.unsure = slices.DeleteFunc(l.unsure, func(n *ast.IdentifierNode) bool { return n == node })
}

func isNumber(t reflect.Type) bool {
	return t != nil && (t.Kind() == reflect.Int || t.Kind() == reflect.Float64)
}

// call checks the arguments of a function of ours.
func (l *look) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || len(n.Arguments) == 0 {
		return // the types say what is wrong
	}
	name := callee.Value
	of := firstOf(name)
	if of == "" {
		return
	}
	text, ok := n.Arguments[0].(*ast.StringNode)
	if !ok || text.Value == "" {
		l.refuse(n.Arguments[0], "%s: want the name of the %s in quotes", name, of)
		return
	}
	if at, found := slices.BinarySearch(l.names[of], text.Value); !found {
		l.names[of] = slices.Insert(l.names[of], at, text.Value)
	}
	if len(n.Arguments) == 2 {
		if days, ok := n.Arguments[1].(*ast.IntegerNode); !ok || days.Value < 1 || days.Value > mostDays {
			l.refuse(n.Arguments[1], "%s: want a number of days from 1 to %d", name, mostDays)
		}
	}
}

func (l *look) refuse(n ast.Node, format string, args ...any) {
	l.problems = append(l.problems, &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)})
}
