#include "core/config/declarations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/config/scalars.h"

namespace tidemill::config {
namespace {

void insert(std::vector<DeclTree>& level, std::string_view rest, const OptionDecl& decl) {
  const auto dot = rest.find('.');
  const auto key = rest.substr(0, dot);
  if (dot == std::string_view::npos) {
    level.push_back({std::string(key), &decl, {}});
    return;
  }
  auto group = std::find_if(level.begin(), level.end(),
                            [&](const DeclTree& tree) { return tree.key == key; });
  if (group == level.end()) {
    level.push_back({std::string(key), nullptr, {}});
    group = level.end() - 1;
  }
  insert(group->below, rest.substr(dot + 1), decl);
}

// The bounds of C++ types are no news to a reader.
bool is_type_limit(double value) {
  using U32 = std::numeric_limits<std::uint32_t>;
  using I32 = std::numeric_limits<std::int32_t>;
  return value >= 9.2e18 || value <= -9.2e18 || value == U32::max() || value == I32::max() ||
         value == I32::min();
}

}  // namespace

bool DeclTree::required() const {
  if (decl != nullptr) return decl->required;
  return std::any_of(below.begin(), below.end(), [](const DeclTree& t) { return t.required(); });
}

std::vector<DeclTree> tree_of(std::span<const OptionDecl> decls) {
  std::vector<DeclTree> roots;
  for (const auto& decl : decls) insert(roots, decl.name, decl);
  return roots;
}

std::string shown_default(const OptionDecl& decl) {
  if (decl.required) return "required";
  if (decl.default_value.empty() || decl.type == OptionType::secret) return "none";
  // A list's default is its elements with commas between.
  return decl.list ? decl.default_value : show(decl.type, decl.default_value);
}

std::string shown_range(const OptionDecl& decl) {
  const bool low = decl.min && !is_type_limit(*decl.min);
  const bool high = decl.max && !is_type_limit(*decl.max);
  const auto bound = [&](double limit) {
    return show(decl.type, *normalize(OptionType::number, option::shown(limit)));
  };
  if (low && high) return fmt::format("{} to {}", bound(*decl.min), bound(*decl.max));
  // That a size or a count is not negative goes without saying.
  if (low && *decl.min != 0) return fmt::format("at least {}", bound(*decl.min));
  if (high) return fmt::format("at most {}", bound(*decl.max));
  return {};
}

std::string shown_type(const OptionDecl& decl) {
  std::string type = decl.choices.empty() ? std::string(type_name(decl.type))
                                          : fmt::format("{}", fmt::join(decl.choices, " | "));
  return decl.list ? "list of " + type : type;
}

}  // namespace tidemill::config
