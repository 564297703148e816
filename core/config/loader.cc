#include "core/config/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/config/connectors.h"
#include "core/config/functions.h"
#include "core/config/load_context.h"
#include "core/config/options.h"
#include "core/config/overrides.h"
#include "core/config/pipelines.h"
#include "core/config/sections.h"

namespace tidemill::config {
namespace {

constexpr std::size_t name_length_max = 63;

bool is_config_file(const std::filesystem::path& path) {
  const auto extension = path.extension();
  if (extension != ".yaml" && extension != ".yml") return false;
  return path.stem().extension() != ".test";
}

// One `namespace:` for all files: two would make names ambiguous.
void read_file_options(const std::vector<Node>& files, Plan& plan, Problems& problems) {
  const Node* first = nullptr;
  for (const auto& file : files) {
    const auto options =
        read_section(file, file_spec(), problems, {{"connections", "functions", "pipelines"}, {}});
    const Node* node = file.find("namespace");
    if (node == nullptr) continue;
    if (first == nullptr) {
      first = node;
      plan.name_space = options.name_space;
    } else if (node->text != first->text) {
      problems.add(node->where, "another file says another namespace",
                   fmt::format("the first is at {}:{}:{}", first->where.file, first->where.line,
                               first->where.column));
    }
  }
}

Loaded read(std::vector<Node> files, const LoadRequest& request, const Registry& registry,
            FunctionCatalog& catalog, Problems& problems) {
  apply_overrides(request.overrides, files, problems);
  for (auto& file : files) interpolate(file, request.environment, problems);

  Plan plan;
  LoadContext context{registry, catalog, request.services, problems, {}};
  context.services.registry = &registry;
  Connectors connectors(context);
  Functions functions(context);
  Pipelines pipelines(context, connectors, functions);
  read_file_options(files, plan, problems);
  for (const auto& file : files)
    if (const Node* section = file.find("connections")) connectors.add_connections(*section);
  for (const auto& file : files)
    if (const Node* section = file.find("functions")) functions.add(*section);
  for (const auto& file : files)
    if (const Node* section = file.find("pipelines")) pipelines.add(*section);
  if (request.replaces_sources) context.needed_paths.clear();
  pipelines.check_together();
  connectors.warn_unused();
  plan.functions = functions.take();
  plan.pipelines = pipelines.take();
  if (plan.pipelines.empty() && problems.empty())
    problems.add({files.empty() ? "" : files.front().where.file, 0, 0}, "there is no pipeline",
                 "add one under `pipelines:`");

  Loaded loaded{std::nullopt, problems.errors(), problems.warnings()};
  if (loaded.problems.empty()) loaded.plan = std::move(plan);
  return loaded;
}

}  // namespace

bool check_name(const Node& entry, std::string_view what, Problems& problems) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto& name = entry.key;
  const bool good = !name.empty() && name.size() <= name_length_max && alphanumeric(name[0]) &&
                    std::all_of(name.begin(), name.end(),
                                [&](char c) { return alphanumeric(c) || c == '_' || c == '-'; });
  if (!good)
    problems.add(entry.key_where, fmt::format("{} is not a name for a {}", shown(name), what),
                 fmt::format("use letters, digits, _ and -, at most {}", name_length_max));
  return good;
}

std::vector<std::string> config_files(const std::string& path, Problems& problems) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) {
    problems.add({path, 0, 0}, "there is no such file or folder", "correct the path");
    return {};
  }
  if (!fs::is_directory(status)) return {path};
  std::vector<std::string> files;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file(error) && is_config_file(it->path()))
      files.push_back(it->path().string());
  std::sort(files.begin(), files.end());
  if (error) {
    problems.add({path, 0, 0}, fmt::format("the folder cannot be read: {}", error.message()));
  } else if (files.empty()) {
    problems.add({path, 0, 0}, "the folder holds no *.yaml or *.yml", "name a file");
  }
  return files;
}

Loaded load_plan(const LoadRequest& request, const Registry& registry, FunctionCatalog& catalog) {
  Problems problems;
  std::vector<std::string> names;
  for (const auto& path : request.paths)
    for (auto& file : config_files(path, problems))
      // Naming a folder and a file in it is no mistake.
      if (std::find(names.begin(), names.end(), file) == names.end())
        names.push_back(std::move(file));
  std::vector<Node> files;
  for (const auto& name : names)
    if (auto file = read_yaml(name, problems)) files.push_back(std::move(*file));
  return read(std::move(files), request, registry, catalog, problems);
}

Loaded load_texts(std::span<const ConfigText> texts, const LoadRequest& request,
                  const Registry& registry, FunctionCatalog& catalog) {
  Problems problems;
  std::vector<Node> files;
  for (const auto& [name, text] : texts)
    if (auto file = parse_yaml(text, name, problems)) files.push_back(std::move(*file));
  return read(std::move(files), request, registry, catalog, problems);
}

}  // namespace tidemill::config
