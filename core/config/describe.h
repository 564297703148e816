// `tidemill list` and `tidemill describe`, and the option tables of READMEs: declarations as text
// for a terminal, as Markdown and as JSON. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/config/function_catalog.h"
#include "core/config/sections.h"
#include "tidemill/registry.h"

namespace tidemill::config {

/// What `describe` needs of a source, a sink or a function.
struct Described {
  std::string_view what;  ///< "source", "sink", "function".
  std::string_view name;
  std::string_view summary;
  std::span<const OptionDecl> options;
  const FunctionDecl* function = nullptr;                 ///< Only functions: outputs and flags.
  std::optional<Idempotence> idempotence = std::nullopt;  ///< Only sinks.
};

Described described_source(const KindDecl& kind);
Described described_sink(const KindDecl& kind);
Described described_function(const FunctionDecl& function);

/// For a terminal: the summary, then one option per paragraph, then outputs.
std::string describe(const Described& thing);
boost::json::object describe_json(const Described& thing);

/// A Markdown table of options: name, type, default, what it does.
std::string markdown_table(std::span<const OptionDecl> options);

/// One line each, under a heading per kind of thing.
std::string list(std::span<const Described> things);
boost::json::array list_json(std::span<const Described> things);

}  // namespace tidemill::config
