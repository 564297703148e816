#include "core/config/functions.h"

#include <fmt/format.h>

#include "core/config/interpolate.h"
#include "core/config/options.h"
#include "core/config/sections.h"
#include "core/config/suggest.h"

namespace tidemill::config {

void Functions::add(const Node& section) {
  auto& problems = context_.problems;
  if (!expect_mapping(section, "functions", problems)) return;
  for (const auto& entry : section.children) {
    if (!check_name(entry, "function", problems)) continue;
    if (const auto first = decls_.find(entry.key); first != decls_.end()) {
      const auto& where = first->second.where;
      problems.add(entry.key_where, fmt::format("function {} exists already", shown(entry.key)),
                   fmt::format("the first is at {}:{}:{}", where.file, where.line, where.column));
      continue;
    }
    decls_[entry.key] = {nullptr, entry.key_where};
    decls_[entry.key].decl = read(entry);
  }
}

const FunctionDecl* Functions::decl(std::string_view name) const {
  const auto found = decls_.find(name);
  return found == decls_.end() ? nullptr : found->second.decl;
}

std::vector<std::string> Functions::names() const {
  std::vector<std::string> names;
  for (const auto& [name, known] : decls_) names.push_back(name);
  return names;
}

const FunctionDecl* Functions::read(const Node& entry) {
  auto& problems = context_.problems;
  if (!expect_mapping(entry, entry.key, problems)) return nullptr;
  // A function of another kind is one problem, not also a missing `native`.
  if (const Node* lambda = entry.find("lambda"); lambda != nullptr && !entry.find("native")) {
    problems.add(lambda->key_where, "lambda functions are not in this version",
                 std::string(find(later_in_functions(), "lambda")->meaning));
    return nullptr;
  }

  const auto options = read_section(entry, function_spec(), problems,
                                    {{"config", "concurrency"}, later_in_functions()});
  ConcurrencyOptions concurrency;
  if (const Node* node = entry.find("concurrency"))
    concurrency = read_section(*node, concurrency_spec(), problems, {{}, later_in_concurrency()});
  if (options.isolation == Isolation::in_process) warn_of_memory(entry);

  FunctionPlan plan;
  plan.name = entry.key;
  plan.where = entry.key_where;
  plan.native = options.native;
  plan.isolation = options.isolation;
  plan.timeout = options.timeout;
  plan.memory = options.memory;
  plan.reserved = concurrency.reserved;
  plan.provisioned = concurrency.provisioned;
  if (const Node* native = entry.find("native")) plan.folder = beside(native->where.file, "");
  const auto* decl = plan.native.empty() ? nullptr : find_plugin(entry, plan);
  if (decl != nullptr && !decl->takes_any_config) {
    Node none;
    const Node* config = entry.find("config");
    const Mark& where = config == nullptr ? entry.key_where : config->key_where;
    plan.config = check_options(config == nullptr ? none : *config, where, decl->options, problems);
  }
  plans_.push_back(std::move(plan));
  return decl;
}

void Functions::warn_of_memory(const Node& entry) {
  const Node* memory = entry.find("memory");
  if (memory == nullptr) return;
  context_.problems.warn(memory->key_where,
                         "memory is not enforced for functions that run in process",
                         "bound it in the function, or set `isolation: worker`");
}

const FunctionDecl* Functions::find_plugin(const Node& entry, const FunctionPlan& plan) {
  if (const auto* instead = context_.catalog.stand_in(plan.name)) return instead;
  const auto found = context_.catalog.find(plan.native, plan.folder);
  if (found) return *found;
  context_.problems.add(entry.find("native")->where, found.error().message,
                        suggest(plan.native, context_.catalog.names(), "plugins on the path"));
  return nullptr;
}

}  // namespace tidemill::config
