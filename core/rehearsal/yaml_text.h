// Values as YAML, as a person would write it: what is short on one line, what is long in blocks.
// Pure.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::rehearsal {

/// The lines of `key: value`, all of them moved in by `indentation`.
std::vector<std::string> yaml_lines(std::string_view key, const boost::json::value& value,
                                    std::size_t indentation = 0);

/// A scalar, or a key. Text is quoted where it would be read as something else.
std::string yaml_scalar(const boost::json::value& value);

}  // namespace tidemill::rehearsal
