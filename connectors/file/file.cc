#include "file.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "file_sink.h"
#include "file_source.h"

namespace tidemill::file {
namespace {

// Symlinks are resolved as far as the path exists, so that two names of one file are one place.
std::string resolve(const std::filesystem::path& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  return (error ? path.lexically_normal() : real).string();
}

Result<std::unique_ptr<Source>> make_source(SourceConfig config, Services services,
                                            std::shared_ptr<FileHistories> histories) {
  std::error_code ignored;
  std::string& path = config.path.value;
  // A file that is really called so is that file.
  const bool matches = FilePattern::is_pattern(path) && !std::filesystem::exists(path, ignored);
  std::string folder;
  if (matches) {
    const std::string fixed = FilePattern(path).fixed_folder();
    folder = resolve(fixed);
    path = (folder == "/" ? "" : folder) + path.substr(fixed == "/" ? 0 : fixed.size());
  } else {
    path = resolve(path);
    folder = std::filesystem::path(path).parent_path().string();
  }
  if (!std::filesystem::is_directory(folder, ignored))
    return fail(Fault::bad_config, "the folder " + folder + " does not exist");
  return std::make_unique<FileSource>(std::move(config), matches, std::move(services),
                                      std::move(histories));
}

Result<std::unique_ptr<Sink>> make_sink(const SinkConfig& config, Services services) {
  if (config.path.empty() || config.path.ends_with('/'))
    return fail(Fault::bad_config, "path takes the path of a file, got: " + config.path);
  auto path = resolve(std::filesystem::path(services.data_folder) / config.path);
  return std::make_unique<FileSink>(std::move(path), config.envelope, std::move(services));
}

}  // namespace

ConfigSpec<SourceConfig> source_spec() {
  auto spec = ConfigSpec<SourceConfig>(
                  "Records of a file, or of several: lines, JSON or CSV; waits for more like "
                  "`tail -F`.")
                  .field("path", &SourceConfig::path,
                         "The file; with *, ? or [] in it all files that match.", Need::required);
  return records::with_record_options(std::move(spec))
      .field("follow", &SourceConfig::follow,
             "Wait for more at the end, also when the file is renamed and replaced; if not, the "
             "source ends there.")
      .field("check", &SourceConfig::check,
             "Time between looks for more at the end of the file; where the kernel tells of "
             "changes, they are seen at once.",
             at_least(1000))
      .field("rotate_wait", &SourceConfig::rotate_wait,
             "How long a file that was replaced may still grow before the new one is read.");
}

ConfigSpec<SinkConfig> sink_spec() {
  auto spec = ConfigSpec<SinkConfig>("Appends one line of NDJSON per message to a file.")
                  .field("path", &SinkConfig::path,
                         "The file; a relative path lies under the data folder.", Need::required);
  return with_envelope(std::move(spec), &SinkConfig::envelope);
}

void register_with(Registry& registry) {
  // Sources that read the same place share what is known of it.
  auto histories = std::make_shared<FileHistories>();
  auto make = [histories = std::move(histories)](SourceConfig config, Services services) {
    return make_source(std::move(config), std::move(services), histories);
  };
  registry.add_source("file", source_spec(), std::move(make));
  registry.add_sink("file", FileSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::file
