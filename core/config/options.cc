#include "core/config/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/config/interpolate.h"
#include "core/config/pattern_node.h"
#include "core/config/scalars.h"
#include "core/config/suggest.h"

namespace tidemill::config {
namespace {

// 2^63: beyond it a whole number fits an unsigned 64-bit option only, and the double bounds of a
// declaration cannot tell the difference.
constexpr double signed_limit = 9223372036854775808.0;

std::string_view last_part(std::string_view dotted) {
  const auto dot = dotted.rfind('.');
  return dot == std::string_view::npos ? dotted : dotted.substr(dot + 1);
}

// `file:` in front of a location is a path too; other schemes (local:, s3:) are not.
std::string resolve_location(const Node& value) {
  constexpr std::string_view scheme = "file:";
  if (!value.text.starts_with(scheme)) return value.text;
  const auto path = std::string_view(value.text).substr(scheme.size());
  return std::string(scheme) + beside(value.where.file, path);
}

bool has_scheme(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

class OptionCheck {
 public:
  OptionCheck(std::span<const OptionDecl> decls, Problems& problems)
      : decls_(decls), problems_(problems) {}

  // Reads one level; `prefix` is "" or "backoff.".
  void level(const Node& mapping, const Mark& where, const std::string& prefix,
             const OtherKeys& others) {
    std::vector<std::string> known = keys_below(prefix);
    known.insert(known.end(), others.handled.begin(), others.handled.end());
    check_keys(mapping, known, problems_, others.later);
    for (const auto& child : mapping.children) read(child, prefix, others);
    for (const auto& decl : decls_) require(decl, prefix, mapping, where);
  }

  ResolvedOptions take() { return std::move(options_); }

 private:
  std::vector<std::string> keys_below(const std::string& prefix) const {
    std::vector<std::string> keys;
    for (const auto& decl : decls_) {
      if (!decl.name.starts_with(prefix)) continue;
      const auto rest = std::string_view(decl.name).substr(prefix.size());
      std::string key(rest.substr(0, rest.find('.')));
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    }
    return keys;
  }

  const OptionDecl* declared(std::string_view name) const {
    for (const auto& decl : decls_)
      if (decl.name == name) return &decl;
    return nullptr;
  }

  void read(const Node& child, const std::string& prefix, const OtherKeys& others) {
    const auto is_handled = [&] {
      return std::find(others.handled.begin(), others.handled.end(), child.key) !=
             others.handled.end();
    };
    const std::string name = prefix + child.key;
    if (const auto* decl = declared(name)) {
      option(child, *decl);
    } else if (!is_handled() && !keys_below(name + ".").empty()) {
      if (expect_mapping(child, name, problems_)) level(child, child.key_where, name + ".", {});
    }
  }

  void require(const OptionDecl& decl, const std::string& prefix, const Node& mapping,
               const Mark& where) {
    if (!decl.required || !decl.name.starts_with(prefix)) return;
    const auto rest = std::string_view(decl.name).substr(prefix.size());
    // An absent group is blamed for its required members here, a present one by its own level.
    const auto key = rest.substr(0, rest.find('.'));
    if (mapping.find(key) != nullptr) return;
    auto sentence = std::string_view(decl.doc);
    if (sentence.ends_with('.')) sentence.remove_suffix(1);
    problems_.add(where, fmt::format("{} is missing", decl.name),
                  fmt::format("add it ({}): {}", expected(decl), sentence));
  }

  void option(const Node& node, const OptionDecl& decl) {
    if (node.is_null()) {
      problems_.add(node.key_where, fmt::format("{} has no value", decl.name),
                    fmt::format("give {}, or remove the key", expected(decl)));
    } else if (decl.type == OptionType::source) {
      return;  // Connectors reads it.
    } else if (decl.type == OptionType::mapping) {
      mapping(node, decl);
    } else if (!node.is_sequence()) {
      value(node, decl);
    } else if (!decl.list) {
      problems_.add(node.where,
                    fmt::format("{}: expected {}; got a list", decl.name, expected(decl)));
    } else if (node.children.empty() && (decl.required || !decl.default_value.empty())) {
      problems_.add(node.where, fmt::format("{}: the list is empty", decl.name),
                    decl.required ? "give at least one" : "remove the key for the default");
    } else {
      for (const auto& item : node.children) value(item, decl);
    }
  }

  void mapping(const Node& node, const OptionDecl& decl) {
    if (!node.is_mapping()) {
      problems_.add(node.where, fmt::format("{}: expected {}; got {}", decl.name, expected(decl),
                                            kind_name(node.kind)));
    } else if (!any_broken(node)) {
      options_.emplace_back(decl.name, to_json(node));
    }
  }

  void value(const Node& node, const OptionDecl& decl) {
    if (!node.is_scalar()) {
      problems_.add(node.where, fmt::format("{}: expected {}; got {}", decl.name, expected(decl),
                                            kind_name(node.kind)));
      return;
    }
    if (node.broken) return;
    const auto normalized = normalize(decl.type, node.text);
    const bool known = decl.choices.empty() || std::find(decl.choices.begin(), decl.choices.end(),
                                                         node.text) != decl.choices.end();
    if (!normalized || !known) {
      const auto got = decl.type == OptionType::secret ? "" : "; got " + shown(node.written);
      problems_.add(node.where, fmt::format("{}: expected {}{}", decl.name, expected(decl), got),
                    hint(node, decl));
      return;
    }
    if (!in_range(node, decl, *normalized)) return;
    options_.emplace_back(decl.name, located(node, decl, *normalized));
  }

  static std::string expected(const OptionDecl& decl) {
    if (decl.choices.size() == 1) return decl.choices.front();
    if (!decl.choices.empty()) return fmt::format("one of {}", fmt::join(decl.choices, ", "));
    return std::string(expectation(decl.type));
  }

  // The two mistakes that deserve more than "expected".
  static std::string hint(const Node& node, const OptionDecl& decl) {
    if (!decl.choices.empty()) {
      const auto text = suggest(node.written, decl.choices, "");
      return text.starts_with("did") ? text : "";
    }
    if (decl.type == OptionType::duration && parse_number(node.text))
      return fmt::format("a unit is missing: {0}ms, {0}s, {0}m or {0}h", node.written);
    return {};
  }

  bool in_range(const Node& node, const OptionDecl& decl, const std::string& normalized) {
    if (!decl.min && !decl.max) return true;
    const auto number = parse_number(normalized);
    if (!number) return true;
    const bool exceeds_signed = decl.type == OptionType::integer && *number >= signed_limit &&
                                decl.max && *decl.max <= signed_limit &&
                                (normalized.size() > 19 || normalized > "9223372036854775807");
    const bool low = decl.min && *number < *decl.min;
    const bool high = (decl.max && *number > *decl.max) || exceeds_signed;
    if (!low && !high) return true;
    const auto bound = [&](double limit) -> std::string {
      // As doubles these would read 9.22e+18.
      if (limit >= 2 * signed_limit) return "18446744073709551615";
      if (limit >= signed_limit) return "9223372036854775807";
      if (limit <= -signed_limit) return "-9223372036854775808";
      return show(decl.type, *normalize(OptionType::number, option::shown(limit)));
    };
    std::string range;
    if (decl.min && decl.max) {
      range = fmt::format("between {} and {}", bound(*decl.min), bound(*decl.max));
    } else if (decl.min) {
      range = fmt::format("at least {}", bound(*decl.min));
    } else {
      range = fmt::format("at most {}", bound(*decl.max));
    }
    problems_.add(node.where,
                  fmt::format("{} must be {}; got {}", decl.name, range, shown(node.written)));
    return false;
  }

  static std::string located(const Node& node, const OptionDecl& decl,
                             const std::string& normalized) {
    if (decl.type == OptionType::path)
      return has_scheme(node.text) ? resolve_location(node) : beside(node.where.file, node.text);
    const bool location = decl.type == OptionType::text && last_part(decl.name) == "url";
    return location ? resolve_location(node) : normalized;
  }

  std::span<const OptionDecl> decls_;
  Problems& problems_;
  ResolvedOptions options_;
};

}  // namespace

void check_keys(const Node& mapping, std::span<const std::string> known, Problems& problems,
                std::span<const NotYet> later) {
  for (const auto& child : mapping.children) {
    if (std::find(known.begin(), known.end(), child.key) != known.end()) continue;
    if (const auto* word = find(later, child.key)) {
      problems.add(child.key_where, fmt::format("{} is not in this version", child.key),
                   std::string(word->meaning));
    } else {
      problems.add(child.key_where, fmt::format("unknown key {}", shown(child.key)),
                   suggest(child.key, known, "known keys"));
    }
  }
}

bool expect_mapping(const Node& node, std::string_view name, Problems& problems) {
  if (node.is_mapping() || node.is_null()) return true;
  problems.add(node.where,
               fmt::format("{}: expected a mapping; got {}", name, kind_name(node.kind)));
  return false;
}

ResolvedOptions check_options(const Node& mapping, const Mark& where,
                              std::span<const OptionDecl> decls, Problems& problems,
                              const OtherKeys& others) {
  const std::string name = mapping.key.empty() ? "the file" : mapping.key;
  if (!expect_mapping(mapping, name, problems)) return {};
  OptionCheck check(decls, problems);
  check.level(mapping, where, "", others);
  return check.take();
}

}  // namespace tidemill::config
