package repocheck_test

import (
	"go/ast"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A commandLine is what the program accepts, read from the struct that
// declares it: running the program would need DuckDB linked in.
type commandLine struct {
	flags    map[string]bool // of every command, with whether they take a value
	commands map[string]map[string]bool
}

func readCommandLine(t *testing.T) commandLine {
	structs := map[string]*ast.StructType{}
	for _, s := range sources(t, false) {
		if s.dir != "cmd/sojourn" || s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if body, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = body
				}
			}
			return true
		})
	}
	line := commandLine{flags: map[string]bool{"--help": false, "-h": false}, commands: map[string]map[string]bool{}}
	for _, f := range structs["cli"].Fields.List {
		if tag := tagOf(f); hasKey(tag, "cmd") {
			flags := map[string]bool{}
			addFlags(flags, structs, f.Type.(*ast.Ident).Name)
			line.commands[flagName(f, tag)] = flags
		} else {
			addFlag(line.flags, f)
		}
	}
	if len(line.commands) == 0 {
		t.Fatal("no commands found in the struct cli of cmd/sojourn")
	}
	return line
}

func addFlags(flags map[string]bool, structs map[string]*ast.StructType, name string) {
	for _, f := range structs[name].Fields.List {
		// The flags of a command's own commands pass for its flags.
		if len(f.Names) == 0 || hasKey(tagOf(f), "cmd") {
			addFlags(flags, structs, f.Type.(*ast.Ident).Name)
		} else {
			addFlag(flags, f)
		}
	}
}

func addFlag(flags map[string]bool, f *ast.Field) {
	tag := tagOf(f)
	if hasKey(tag, "arg") {
		return
	}
	kind, ok := f.Type.(*ast.Ident)
	takesValue := !ok || kind.Name != "bool"
	flags["--"+flagName(f, tag)] = takesValue
	if short := tag.Get("short"); short != "" {
		flags["-"+short] = takesValue
	}
}

func tagOf(f *ast.Field) reflect.StructTag {
	if f.Tag == nil {
		return ""
	}
	tag, _ := strconv.Unquote(f.Tag.Value) // the parser has read it
	return reflect.StructTag(tag)
}

func hasKey(tag reflect.StructTag, key string) bool {
	_, ok := tag.Lookup(key)
	return ok
}

var humps = regexp.MustCompile(`([a-z])([A-Z])`)

func flagName(f *ast.Field, tag reflect.StructTag) string {
	if name := tag.Get("name"); name != "" {
		return name
	}
	return strings.ToLower(humps.ReplaceAllString(f.Names[0].Name, "$1-$2"))
}

var (
	codeBlock = regexp.MustCompile("(?s)```[^\n]*\n(.*?)```")
	codeSpan  = regexp.MustCompile("`([^`]+)`") // may go on in the next line
	quoted    = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	// A call begins where a shell command may begin.
	called     = regexp.MustCompile(`(?:^|[;&|(]|\bbin/|\$ )\s*(?:sojourn|go run \./cmd/sojourn)((?:[ \t]+[^\s;|&)#]+)*)`)
	makeTarget = regexp.MustCompile(`(?:^|[;&|])\s*make ([a-z]+)`)
)

func TestDocumentedCommandsExist(t *testing.T) {
	line := readCommandLine(t)
	targets := text(t, "Makefile")
	for _, name := range tracked(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, command := range commandsIn(text(t, name)) {
			for _, call := range called.FindAllStringSubmatch(command, -1) {
				args := strings.Fields(call[1])
				problem := line.check(args)
				if problem == "" && slices.Contains(args, "backfill") && slices.Contains(args, "--from") != slices.Contains(args, "--to") {
					problem = "backfill wants both ends"
				}
				if problem != "" {
					t.Errorf("%s: %s: %s", name, strings.TrimSpace(call[0]), problem)
				}
			}
			for _, call := range makeTarget.FindAllStringSubmatch(command, -1) {
				if !strings.Contains(targets, "\n"+call[1]+":") {
					t.Errorf("%s: the Makefile has no target %s", name, call[1])
				}
			}
		}
	}
}

// commandsIn returns the lines of code of a document, without what is quoted.
func commandsIn(document string) []string {
	var commands []string
	for _, block := range codeBlock.FindAllStringSubmatch(document, -1) {
		commands = append(commands, strings.Split(quoted.ReplaceAllString(block[1], "Q"), "\n")...)
	}
	for _, span := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(document, ""), -1) {
		commands = append(commands, quoted.ReplaceAllString(span[1], "Q"))
	}
	return commands
}

// check says what is wrong with the arguments of a call.
func (l commandLine) check(args []string) (problem string) {
	var flags map[string]bool // of the command, once it is known
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case strings.HasPrefix(arg, "-"):
			name, _, inline := strings.Cut(arg, "=")
			takesValue, ok := flags[name]
			if !ok {
				takesValue, ok = l.flags[name]
			}
			if !ok {
				return "there is no flag " + name
			}
			if takesValue && !inline {
				args = args[min(1, len(args)):]
			}
		case flags == nil:
			if flags = l.commands[arg]; flags == nil && !isPlaceholder(arg) {
				return "there is no command " + arg
			}
		}
	}
	return ""
}

// isPlaceholder says whether a word stands for a command, as in sojourn COMMAND.
func isPlaceholder(word string) bool {
	return strings.ToUpper(word) == word || slices.Contains([]string{"…", "..."}, word)
}
