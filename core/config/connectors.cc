#include "core/config/connectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/config/sections.h"
#include "core/config/suggest.h"

namespace tidemill::config {
namespace {

// What has wildcards may match nothing yet; only the folder above them has to be there.
std::string fixed_part(const std::string& path) {
  const std::size_t wildcard = path.find_first_of("*?[");
  if (wildcard == std::string::npos) return path;
  return path.substr(0, std::max<std::size_t>(1, path.rfind('/', wildcard)));
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view side_name(Side side) { return side == Side::source ? "source" : "sink"; }

bool has_key(const std::vector<OptionDecl>& decls, std::string_view key) {
  return std::any_of(decls.begin(), decls.end(), [&](const OptionDecl& decl) {
    return std::string_view(decl.name).substr(0, decl.name.find('.')) == key;
  });
}

}  // namespace

const std::vector<OptionDecl>* Connectors::declared(Side side, std::string_view kind) const {
  const auto& registry = context_.registry;
  for (const auto& known : side == Side::source ? source_kinds(registry) : sink_kinds(registry))
    if (known.name == kind) return known.options;
  return nullptr;
}

std::vector<std::string> Connectors::kinds(Side side) const {
  const auto& registry = context_.registry;
  std::vector<std::string> names;
  for (const auto& known : side == Side::source ? source_kinds(registry) : sink_kinds(registry))
    names.emplace_back(known.name);
  return names;
}

void Connectors::refuse_kind(const Node& entry, Side side) {
  const auto known = kinds(side);
  const auto label = fmt::format("kinds of {}", side_name(side));
  const Side other = side == Side::source ? Side::sink : Side::source;
  std::string what = fmt::format("unknown kind of {} {}", side_name(side), shown(entry.key));
  std::string fix = suggest(entry.key, known, label);
  if (declared(other, entry.key) != nullptr) {
    what = fmt::format("{} is a {}, not a {}", entry.key, side_name(other), side_name(side));
  }
  context_.problems.add(entry.key_where, what, fix);
}

void Connectors::add_connections(const Node& section) {
  auto& problems = context_.problems;
  if (!expect_mapping(section, "connections", problems)) return;
  for (const auto& entry : section.children) {
    if (!check_name(entry, "connection", problems)) continue;
    if (const auto first = connections_.find(entry.key); first != connections_.end()) {
      const auto& where = first->second.where;
      problems.add(entry.key_where, fmt::format("connection {} exists already", shown(entry.key)),
                   fmt::format("the first is at {}:{}:{}", where.file, where.line, where.column));
      continue;
    }
    if (!entry.is_mapping() || entry.children.size() != 1) {
      problems.add(entry.key_where,
                   fmt::format("connection {} must hold exactly one kind", shown(entry.key)),
                   "write `NAME: { KIND: { options } }`");
      continue;
    }
    const Node& kind = entry.children.front();
    const auto* source = declared(Side::source, kind.key);
    const auto* sink = declared(Side::sink, kind.key);
    if (source == nullptr && sink == nullptr) {
      refuse_kind(kind, Side::source);
      continue;
    }
    // What a connection leaves out, its users may give; so nothing is required here.
    std::vector<OptionDecl> either;
    for (const auto* decls : {source, sink})
      if (decls != nullptr)
        for (OptionDecl decl : *decls) {
          decl.required = false;
          if (!has_key(either, decl.name)) either.push_back(std::move(decl));
        }
    std::ignore = check_options(kind, kind.key_where, either, problems);
    connections_[entry.key] = {kind.key, kind, entry.key_where, false};
  }
}

// Inline options win over the connection's. Those that only the other side of the kind knows are
// left out: a connection may serve a source and a sink. Nothing after a problem with the
// connection: what else is missing could have come from it.
std::optional<Node> Connectors::with_connection(const Node& options, const std::string& kind,
                                                const std::vector<OptionDecl>& decls) {
  const Node* name = options.find("connection");
  if (name == nullptr || has_key(decls, "connection")) return options;
  Node merged = options;
  std::erase_if(merged.children, [](const Node& child) { return child.key == "connection"; });
  auto& problems = context_.problems;
  if (!name->is_scalar()) {
    problems.add(name->key_where, "connection: expected a name under `connections:`");
    return std::nullopt;
  }
  const auto found = connections_.find(name->text);
  if (found == connections_.end()) {
    std::vector<std::string> known;
    for (const auto& [known_name, connection] : connections_) known.push_back(known_name);
    problems.add(name->where, fmt::format("there is no connection {}", shown(name->written)),
                 suggest(name->text, known, "connections"));
    return std::nullopt;
  }
  auto& connection = found->second;
  connection.used = true;
  if (connection.kind != kind) {
    problems.add(name->where, fmt::format("connection {} is of kind {}, not {}",
                                          shown(name->written), connection.kind, kind));
    return std::nullopt;
  }
  for (const auto& child : connection.options.children)
    if (merged.find(child.key) == nullptr && has_key(decls, child.key))
      merged.children.push_back(child);
  merged.kind = NodeKind::mapping;
  return merged;
}

void Connectors::need_paths(const Node& options, const std::vector<OptionDecl>& decls,
                            const ResolvedOptions& resolved) {
  for (const auto& decl : decls) {
    const Node* node = options.find(decl.name);
    if (node == nullptr) continue;
    for (const auto& [name, value] : resolved) {
      if (name != decl.name) continue;
      if (value.starts_with("file:/")) {
        context_.needed_paths.push_back({value.substr(5), name, node->where});
      } else if (decl.type == OptionType::path && value.starts_with('/')) {
        context_.needed_paths.push_back({fixed_part(value), name, node->where});
      }
    }
  }
}

// The key that names the kind. Keys of no kind are reported; so is a second kind, and then `one` is
// false: nobody can tell which of the two was meant.
const Node* Connectors::find_kind(const Node& node, Side side, const OtherKeys& others, bool& one) {
  auto& problems = context_.problems;
  const Node* kind = nullptr;
  std::vector<const Node*> strangers;
  one = true;
  for (const auto& child : node.children) {
    if (contains(others.handled, child.key)) continue;
    if (const auto* word = find(others.later, child.key)) {
      problems.add(child.key_where, fmt::format("{} is not in this version", child.key),
                   std::string(word->meaning));
    } else if (declared(side, child.key) == nullptr) {
      strangers.push_back(&child);
    } else if (kind == nullptr) {
      kind = &child;
    } else {
      one = false;
      problems.add(child.key_where,
                   fmt::format("a {} has one kind; {} comes after {}", side_name(side), child.key,
                               kind->key),
                   "remove one of them");
    }
  }
  for (const auto* stranger : strangers) {
    if (kind != nullptr) {
      problems.add(stranger->key_where, fmt::format("unknown key {}", shown(stranger->key)),
                   others.handled.empty()
                       ? fmt::format("options stand below {}", kind->key)
                       : suggest(stranger->key, others.handled,
                                 fmt::format("options stand below {}; keys beside it", kind->key)));
    } else {
      refuse_kind(*stranger, side);
    }
  }
  if (kind == nullptr && strangers.empty()) {
    const Mark& where = node.key.empty() ? node.where : node.key_where;
    problems.add(where, fmt::format("this {} names no kind", side_name(side)),
                 suggest("", kinds(side), fmt::format("kinds of {}", side_name(side))));
  }
  return kind;
}

// Options that are sources themselves: the kind under the option's name, and its options below it.
void Connectors::read_sources_within(const Node& options, const std::vector<OptionDecl>& decls,
                                     ConnectorPlan& plan) {
  auto& problems = context_.problems;
  for (const auto& decl : decls) {
    const Node* const node = options.find(decl.name);
    if (decl.type != OptionType::source || node == nullptr || node->is_null()) continue;
    if (!expect_mapping(*node, decl.name, problems)) continue;
    bool sound = false;
    const auto within = read(*node, Side::source, {}, sound);
    if (!within) continue;
    if (!context_.registry.sources().contains(within->kind)) {
      problems.add(within->where,
                   fmt::format("{} cannot be a {} of this engine", decl.name, within->kind),
                   "give a source of another system");
      continue;
    }
    plan.options.emplace_back(decl.name, within->kind);
    for (const auto& [name, value] : within->options)
      plan.options.emplace_back(decl.name + "." + name, value);
  }
}

std::optional<ConnectorPlan> Connectors::read(const Node& node, Side side, const OtherKeys& others,
                                              bool& sound) {
  auto& problems = context_.problems;
  const auto before = problems.size();
  sound = false;
  bool one = false;
  const Node* kind = find_kind(node, side, others, one);
  if (kind == nullptr) return std::nullopt;
  ConnectorPlan plan{kind->key, {}, kind->key_where};
  if (!one || !expect_mapping(*kind, kind->key, problems)) return plan;
  const auto& decls = *declared(side, kind->key);
  const auto options = with_connection(*kind, kind->key, decls);
  if (!options) return plan;
  plan.options = check_options(*options, kind->key_where, decls, problems);
  read_sources_within(*options, decls, plan);
  if (side == Side::source) need_paths(*options, decls, plan.options);
  sound = problems.size() == before;
  return plan;
}

void Connectors::warn_unused() const {
  for (const auto& [name, connection] : connections_)
    if (!connection.used)
      context_.problems.warn(connection.where,
                             fmt::format("no connector uses connection {}", shown(name)),
                             fmt::format("write `connection: {}` in one, or remove it", name));
}

}  // namespace tidemill::config
