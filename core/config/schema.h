// `tidemill schema`: JSON Schema (draft 7) of a pipeline file, for editors. Made from the same
// declarations that check_options() reads. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "core/config/function_catalog.h"
#include "tidemill/registry.h"

namespace tidemill::config {

/// `functions` are those whose `config:` is described, by their name under `native:`. Every value
/// may also be text with ${...} in it, which no schema can see through.
boost::json::object file_schema(const Registry& registry,
                                std::span<const FunctionDecl* const> functions);

/// A mapping with these options, for schemas of other files.
boost::json::object options_schema(std::string_view summary, std::span<const OptionDecl> decls);

}  // namespace tidemill::config
