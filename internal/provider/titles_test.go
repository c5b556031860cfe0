// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

// Whoever searches the troubleshooting page for what the CLI says finds it there,
// and nothing that no CLI says any more.
func TestTroubleshooting_titles(t *testing.T) {
	t.Parallel()
	made := map[string][]string{}
	for _, dir := range []string{".", "../credentials"} {
		found, err := readTitles(os.DirFS(dir))
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		for title, places := range found {
			made[title] = append(made[title], places...)
		}
	}
	explained := explainedTitles(t, "../../templates/guides/troubleshooting.md.tmpl")
	for title, places := range made {
		if explained[title] == 0 {
			t.Errorf("templates/guides/troubleshooting.md.tmpl doesn't explain %q, from %s", title, strings.Join(places, ", "))
		}
	}
	for title, n := range explained {
		if n > 1 {
			t.Errorf("templates/guides/troubleshooting.md.tmpl explains %q %d times", title, n)
		}
		if made[title] == nil {
			t.Errorf("templates/guides/troubleshooting.md.tmpl explains %q, which nothing says", title)
		}
	}
	if len(made) < 50 {
		t.Errorf("only %d titles found: the search misses some", len(made))
	}
}

// explainedTitles are those in bold at the beginning of a row of a table.
func explainedTitles(t *testing.T, page string) map[string]int {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| \*\*(.+?)\*\*.*\|$`).FindAllStringSubmatch(string(content), -1) {
		explained[row[1]]++
	}
	return explained
}

// What would be missed is an error, so that no title gets around the page.
func TestReadTitles(t *testing.T) {
	t.Parallel()
	const head = "package p\n\nimport \"example.com/diag\"\n\ntype Error struct{ Summary, Detail string }\n\nfunc f(diags *diag.Diagnostics, err error, app string) "
	for name, tc := range map[string]struct {
		body string
		want string // titles, or the error
	}{
		"literal":                 {`{ diags.AddError("One", app) }`, "One"},
		"sum":                     {`{ diags.AddAttributeWarning(path.Root("a"), "One "+"two", app) }`, "One two"},
		"constant":                {"{ const title = \"One\"\ndiags.AddWarning(title, app) }", "One"},
		"variable":                {"{ title := \"One\"\nif app == \"\" { title = \"Two\" }\ndiags.AddWarning(title, app) }", "One, Two"},
		"field":                   {`{ diags.AddError((&Error{Summary: "One"}).Summary, app) }`, "One"},
		"field that is set":       {"{ var e Error\ne.Summary = \"One\" }", "One"},
		"parameter":               {"{ g(diags, \"One\") }\nfunc g(diags *diag.Diagnostics, title string) { diags.AddError(title, \"\") }", "One"},
		"parameter of two":        {"{ g(diags, \"One\") }\nfunc g(diags *diag.Diagnostics, title string) { h(diags, title) }\nfunc h(diags *diag.Diagnostics, title string) { diags.AddError(title, \"\") }", "One"},
		"method":                  {"{ var e Error\ne.g(\"One\") }\nfunc (Error) g(title string) error { return &Error{Summary: title} }", "One"},
		"value of its own":        {`{ _ = diag.NewErrorDiagnostic("One", app) }`, "One"},
		"of a function":           {`{ _ = function.NewArgumentFuncError(0, "One") }`, "One"},
		"about a callback":        {"{ diags.AddWarning(aboutCallback(app, \"One\"), app) }\nfunc aboutCallback(app, what string) string { return app + what }", `Recording callback of app "…" One`},
		"computed":                {`{ diags.AddError(app+"One", app) }`, "error: main.go:7: "},
		"of another package":      {`{ diags.AddError(other.Title(), app) }`, "error: main.go:7: "},
		"field without its name":  {`{ _ = Error{"One", "Two"} }`, "error: main.go:7: "},
		"function that is passed": {"{ _ = g }\nfunc g(diags *diag.Diagnostics, title string) { diags.AddError(title, \"\") }", "error: main.go:7: "},
		"method that is passed":   {"{ _ = diags.AddError }", "error: main.go:7: "},
		"validator":               {`{ stringvalidator.OneOf("a") }`, "Invalid Attribute Value Match"},
		"unknown validator":       {`{ stringvalidator.UTF8LengthAtLeast(1) }`, "error: main.go:7: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			titles, err := readTitles(fstest.MapFS{"main.go": {Data: []byte(head + tc.body + "\n")}})
			got := strings.Join(slices.Sorted(maps.Keys(titles)), ", ")
			if want, ok := strings.CutPrefix(tc.want, "error: "); ok {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %q and %v, want %q", got, err, want)
				}
			} else if err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

// titleArgument is where those who make a diagnostic take its title. An error of
// a function has no other text.
var titleArgument = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
	"NewFuncError": 0, "NewArgumentFuncError": 1,
}

// ofFramework are the titles of the validators that the framework brings, as they
// say them.
var ofFramework = map[string]string{
	"int64validator.Between":        saysOfNumber(int64validator.Between(1, 2)),
	"stringvalidator.LengthAtLeast": saysOfText(stringvalidator.LengthAtLeast(2)),
	"stringvalidator.OneOf":         saysOfText(stringvalidator.OneOf("a")),
}

func saysOfText(v validator.String) string {
	var resp validator.StringResponse
	v.ValidateString(context.Background(), validator.StringRequest{Path: path.Root("a"), ConfigValue: tftypes.StringValue("x")}, &resp)
	return resp.Diagnostics[0].Summary()
}

func saysOfNumber(v validator.Int64) string {
	var resp validator.Int64Response
	v.ValidateInt64(context.Background(), validator.Int64Request{Path: path.Root("a"), ConfigValue: tftypes.Int64Value(3)}, &resp)
	return resp.Diagnostics[0].Summary()
}

// titles looks for the titles of diagnostics in a package. Types of the package
// itself are known, and of others only what they are called.
type titles struct {
	files   *token.FileSet
	syntax  []*ast.File
	info    types.Info
	found   map[string][]string // to where
	carry   map[*types.Func]int // those with a title among their parameters, and which
	called  map[*ast.Ident]bool // where one of them is called
	pending []*types.Func       // whose calls are to be looked at
	missed  []error
}

func readTitles(dir fs.FS) (map[string][]string, error) {
	s := &titles{
		files: token.NewFileSet(),
		info:  types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}},
		found: map[string][]string{}, carry: map[*types.Func]int{}, called: map[*ast.Ident]bool{},
	}
	names, err := fs.Glob(dir, "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(s.files, name, content, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s.syntax = append(s.syntax, file)
	}
	check := types.Config{Importer: otherPackages{}, Error: func(error) {}} // all that is of other packages is one
	_, _ = check.Check("p", s.files, s.syntax, &s.info)

	s.walk(s.look)
	for len(s.pending) > 0 {
		carrier := s.pending[0]
		s.pending = s.pending[1:]
		s.walk(func(node ast.Node, in *ast.FuncDecl) {
			if call, ok := node.(*ast.CallExpr); ok {
				switch name := nameOf(call.Fun); {
				case name == nil:
				case s.info.Uses[name] == carrier:
					s.called[name] = true
					s.add(call.Args[s.carry[carrier]], in)
				case name.Name == carrier.Name() && s.info.Uses[name] == nil:
					s.miss(name, "this may pass a title on")
				}
			}
		})
	}
	for name, object := range s.info.Uses {
		if carrier, ok := object.(*types.Func); ok && !s.called[name] {
			if _, ok := s.carry[carrier]; ok {
				s.miss(name, "this passes on a function that is given a title")
			}
		}
	}
	return s.found, errors.Join(s.missed...)
}

// otherPackages stands for all other packages: nothing is known of what is in them.
type otherPackages struct{}

func (otherPackages) Import(of string) (*types.Package, error) {
	p := types.NewPackage(of, of[strings.LastIndex(of, "/")+1:])
	p.MarkComplete()
	return p, nil
}

// walk goes through the package, and says in which function a node is.
func (s *titles) walk(visit func(ast.Node, *ast.FuncDecl)) {
	for _, file := range s.syntax {
		for _, declaration := range file.Decls {
			in, _ := declaration.(*ast.FuncDecl)
			ast.Inspect(declaration, func(node ast.Node) bool {
				visit(node, in)
				return true
			})
		}
	}
}

// look finds where titles are made.
func (s *titles) look(node ast.Node, in *ast.FuncDecl) {
	switch n := node.(type) {
	case *ast.CallExpr:
		name := nameOf(n.Fun)
		if name == nil {
			return
		}
		if at, ok := titleArgument[name.Name]; ok && len(n.Args) > at {
			s.called[name] = true
			s.add(n.Args[at], in)
		}
		if of, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok {
			if from, ok := of.X.(*ast.Ident); ok && strings.HasSuffix(from.Name, "validator") {
				s.addOfFramework(n, from.Name+"."+name.Name)
			}
		}
	case *ast.SelectorExpr:
		if _, ok := titleArgument[n.Sel.Name]; ok && !s.called[n.Sel] {
			s.miss(n, n.Sel.Name+" is not called here")
		}
	case *ast.CompositeLit:
		s.lookIntoLiteral(n, in)
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if field, ok := to.(*ast.SelectorExpr); ok && isSummary(field.Sel.Name) && len(n.Rhs) == len(n.Lhs) {
				s.add(n.Rhs[i], in)
			}
		}
	}
}

// lookIntoLiteral finds those with a field for a title, which says of functions
// what they are for.
func (s *titles) lookIntoLiteral(literal *ast.CompositeLit, in *ast.FuncDecl) {
	if of, ok := literal.Type.(*ast.SelectorExpr); ok && of.Sel.Name == "Definition" {
		return
	}
	for _, element := range literal.Elts {
		if field, ok := element.(*ast.KeyValueExpr); ok {
			if name, ok := field.Key.(*ast.Ident); ok && isSummary(name.Name) {
				s.add(field.Value, in)
			}
			continue
		}
		if has, ok := s.info.TypeOf(literal).(*types.Named); ok && hasSummary(has) {
			s.miss(literal, "a field with a title is set without its name")
			return
		}
	}
}

func isSummary(name string) bool { return strings.EqualFold(name, "summary") }

func hasSummary(named *types.Named) bool {
	if of, ok := named.Underlying().(*types.Struct); ok {
		for field := range of.Fields() {
			if isSummary(field.Name()) {
				return true
			}
		}
	}
	return false
}

func (s *titles) addOfFramework(call *ast.CallExpr, name string) {
	if title, ok := ofFramework[name]; ok {
		s.say(call, title)
	} else {
		s.miss(call, "what "+name+" says is not in ofFramework")
	}
}

func (s *titles) say(at ast.Node, title string) {
	where := s.files.Position(at.Pos())
	s.found[title] = append(s.found[title], where.Filename+":"+strconv.Itoa(where.Line))
}

func (s *titles) miss(at ast.Node, why string) {
	where := s.files.Position(at.Pos())
	s.missed = append(s.missed, fmt.Errorf("%s:%d: %s", where.Filename, where.Line, why))
}

// add finds the titles that an expression may be.
func (s *titles) add(e ast.Expr, in *ast.FuncDecl) {
	e = ast.Unparen(e)
	if title, ok := s.text(e); ok {
		s.say(e, title)
		return
	}
	switch x := e.(type) {
	case *ast.SelectorExpr:
		if isSummary(x.Sel.Name) { // found where it is set
			return
		}
	case *ast.CallExpr:
		if name := nameOf(x.Fun); name != nil && name.Name == "aboutCallback" && len(x.Args) == 2 {
			if what, ok := s.text(x.Args[1]); ok {
				s.say(e, aboutCallback(tftypes.StringValue("…"), what))
				return
			}
		}
	case *ast.Ident:
		if s.addVariable(x, in) {
			return
		}
	}
	s.miss(e, "the title of this diagnostic can't be told; write it as a text")
}

// text is the value of a constant expression, also where the types are not known.
func (s *titles) text(e ast.Expr) (string, bool) {
	if value := s.info.Types[e].Value; value != nil && value.Kind() == constant.String {
		return constant.StringVal(value), true
	}
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}

// addVariable follows a variable to what is assigned to it, and a parameter to
// those who call.
func (s *titles) addVariable(name *ast.Ident, in *ast.FuncDecl) bool {
	variable, ok := s.info.Uses[name].(*types.Var)
	if !ok || in == nil {
		return false
	}
	known := false
	carrier, _ := s.info.Defs[in.Name].(*types.Func)
	if carrier != nil {
		for i, parameter := range slices.Collect(carrier.Signature().Params().Variables()) {
			if parameter == variable {
				known = true
				if _, ok := s.carry[carrier]; !ok {
					s.carry[carrier] = i
					s.pending = append(s.pending, carrier)
				}
			}
		}
	}
	ast.Inspect(in, func(node ast.Node) bool {
		assignment, ok := node.(*ast.AssignStmt)
		if !ok || len(assignment.Lhs) != len(assignment.Rhs) {
			return true
		}
		for i, to := range assignment.Lhs {
			if to, ok := to.(*ast.Ident); ok && (s.info.Uses[to] == variable || s.info.Defs[to] == variable) {
				known = true
				s.add(assignment.Rhs[i], in)
			}
		}
		return true
	})
	return known
}

// nameOf is the name of what is called.
func nameOf(called ast.Expr) *ast.Ident {
	switch x := ast.Unparen(called).(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	}
	return nil
}
