#include "core/config/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/config/declarations.h"
#include "core/config/scalars.h"

namespace tidemill::config {
namespace {

namespace json = boost::json;

// What a repeat of a write after a crash does: a user's first question about a sink.
std::string_view delivery(Idempotence idempotence) {
  switch (idempotence) {
    case Idempotence::atomic:
      return "exactly once: commits together with the source's progress";
    case Idempotence::by_key:
      return "by key: a repeat writes the same content again";
    case Idempotence::at_least_once:
      break;
  }
  return "at least once: a repeat is seen twice";
}

// "duration, default 250ms, 0s to 1h"
std::string facts(const OptionDecl& decl) {
  std::string text = shown_type(decl);
  const auto initial = shown_default(decl);
  if (decl.required) {
    text += ", required";
  } else if (initial != "none") {
    text += ", default " + initial;
  }
  if (const auto range = shown_range(decl); !range.empty()) text += ", " + range;
  return text;
}

// A cell of a Markdown table cannot hold a bare bar.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

json::object option_json(const OptionDecl& decl) {
  json::object option{{"name", decl.name},
                      {"type", type_name(decl.type)},
                      {"required", decl.required},
                      {"list", decl.list},
                      {"doc", decl.doc}};
  const bool has_default = !decl.default_value.empty() && decl.type != OptionType::secret;
  if (has_default) option["default"] = shown_default(decl);
  if (!decl.choices.empty()) option["choices"] = json::value_from(decl.choices);
  if (const auto range = shown_range(decl); !range.empty()) option["range"] = range;
  return option;
}

}  // namespace

Described described_source(const KindDecl& kind) {
  return {"source", kind.name, kind.summary, *kind.options, nullptr, std::nullopt};
}

Described described_sink(const KindDecl& kind) {
  return {"sink", kind.name, kind.summary, *kind.options, nullptr, kind.idempotence};
}

Described described_function(const FunctionDecl& function) {
  return {"function", function.name, function.summary, function.options, &function, std::nullopt};
}

std::string describe(const Described& thing) {
  std::string text = fmt::format("{} {}\n  {}\n", thing.what, thing.name, thing.summary);
  text += thing.options.empty() ? "\nno options\n" : "\noptions\n";
  for (const auto& decl : thing.options)
    text += fmt::format("  {}  ({})\n      {}\n", decl.name, facts(decl), decl.doc);
  if (thing.idempotence) text += fmt::format("\ndelivery: {}\n", delivery(*thing.idempotence));
  if (thing.function == nullptr) return text;
  text += thing.function->outputs.empty() ? "\nno outputs\n" : "\noutputs\n";
  for (const auto& output : thing.function->outputs)
    text += fmt::format("  {}  ({}{})\n{}", output.name, name_of(output.kind),
                        output.optional ? ", optional" : "",
                        output.doc.empty() ? "" : fmt::format("      {}\n", output.doc));
  if (!thing.function->flags.empty())
    text += fmt::format("\nflags: {}\n", fmt::join(thing.function->flags, ", "));
  return text;
}

json::object describe_json(const Described& thing) {
  json::array options;
  for (const auto& decl : thing.options) options.push_back(option_json(decl));
  json::object object{{"what", thing.what},
                      {"name", thing.name},
                      {"summary", thing.summary},
                      {"options", std::move(options)}};
  if (thing.idempotence) object["delivery"] = delivery(*thing.idempotence);
  if (thing.function == nullptr) return object;
  json::array outputs;
  for (const auto& output : thing.function->outputs)
    outputs.push_back(json::object{{"name", output.name},
                                   {"kind", name_of(output.kind)},
                                   {"doc", output.doc},
                                   {"optional", output.optional}});
  object["outputs"] = std::move(outputs);
  object["flags"] = json::value_from(thing.function->flags);
  return object;
}

std::string markdown_table(std::span<const OptionDecl> options) {
  std::string text = "| option | type | default | what it does |\n|---|---|---|---|\n";
  for (const auto& decl : options) {
    const auto range = shown_range(decl);
    text += fmt::format("| `{}` | {} | {} | {}{} |\n", decl.name, cell(shown_type(decl)),
                        cell(shown_default(decl)), cell(decl.doc),
                        range.empty() ? "" : fmt::format(" ({})", range));
  }
  return text;
}

std::string list(std::span<const Described> things) {
  std::size_t width = 0;
  for (const auto& thing : things) width = std::max(width, thing.name.size());
  std::string text;
  std::string_view heading;
  for (const auto& thing : things) {
    if (thing.what != heading) text += fmt::format("{}{}s\n", text.empty() ? "" : "\n", thing.what);
    heading = thing.what;
    text += fmt::format("  {:<{}}  {}\n", thing.name, width, thing.summary);
  }
  return text;
}

json::array list_json(std::span<const Described> things) {
  json::array all;
  for (const auto& thing : things)
    all.push_back(
        json::object{{"what", thing.what}, {"name", thing.name}, {"summary", thing.summary}});
  return all;
}

}  // namespace tidemill::config
