// Renders chat templates as Ollama does: Go's text/template, its functions, its types of values.
//
//	go run render.go < cases.json > rendered.json
//
// cases.json: {"templates": {id: text}, "cases": {name: {"messages", "tools", "think"}}}
// rendered.json: {id: {"template": text, "prompts": {case: prompt}}}
package main

import (
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

type function struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Parameters  any    `json:"parameters"`
}

type tool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type tools []tool

type arguments map[string]any

type call struct {
	Function struct {
		Index     int
		Name      string
		Arguments arguments
	}
}

type message struct {
	Role      string
	Content   string
	Thinking  string
	ToolCalls []call
}

type talk struct {
	Messages []*message
	Tools    tools
	Think    *bool
}

func spelled(value any) string {
	data, err := json.Marshal(value)
	check(err)
	return string(data)
}

func (one tool) String() string      { return spelled(one) }
func (all tools) String() string     { return spelled(all) }
func (all arguments) String() string { return spelled(map[string]any(all)) }

func render(text string, it talk) string {
	parsed, err := template.New("").Option("missingkey=zero").
		Funcs(template.FuncMap{"json": spelled}).Parse(text)
	check(err)
	var system []string
	for _, one := range it.Messages {
		if one.Role == "system" {
			system = append(system, one.Content)
		}
	}
	var prompt strings.Builder
	check(parsed.Execute(&prompt, map[string]any{
		"System":     strings.Join(system, "\n\n"),
		"Messages":   it.Messages,
		"Tools":      it.Tools,
		"Response":   "",
		"Think":      it.Think != nil && *it.Think,
		"IsThinkSet": it.Think != nil,
	}))
	return prompt.String()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	var input struct {
		Templates map[string]string
		Cases     map[string]talk
	}
	check(json.NewDecoder(os.Stdin).Decode(&input))
	output := map[string]any{}
	for id, text := range input.Templates {
		prompts := map[string]string{}
		for name, it := range input.Cases {
			prompts[name] = render(text, it)
		}
		output[id] = map[string]any{"template": text, "prompts": prompts}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	check(encoder.Encode(output))
}
