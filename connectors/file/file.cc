#include "file.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "file_sink.h"
#include "file_source.h"
#include "key_field.h"

namespace tidemill::file {
namespace {

// Symlinks are resolved as far as the path exists, so that two names of one file are one place.
std::string resolve(const std::filesystem::path& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  return (error ? path.lexically_normal() : real).string();
}

Result<std::unique_ptr<Source>> make_source(SourceConfig config, Services services) {
  config.path.value = resolve(config.path.value);
  const auto folder = std::filesystem::path(config.path.value).parent_path();
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    return fail(Fault::bad_config, "the folder " + folder.string() + " does not exist");
  return std::make_unique<FileSource>(std::move(config), std::move(services));
}

Result<std::unique_ptr<Sink>> make_sink(const SinkConfig& config, Services services) {
  if (config.path.empty() || config.path.ends_with('/'))
    return fail(Fault::bad_config, "path takes the path of a file, got: " + config.path);
  auto path = resolve(std::filesystem::path(services.data_folder) / config.path);
  return std::make_unique<FileSink>(std::move(path), config.envelope, std::move(services));
}

}  // namespace

ConfigSpec<SourceConfig> source_spec() {
  return ConfigSpec<SourceConfig>("One event per line of a file; waits for more like `tail -F`.")
      .field("path", &SourceConfig::path, "The file.", Need::required)
      .choice("format", &SourceConfig::format, "What a line is: one JSON text, or any text.",
              {{"ndjson", Format::ndjson}, {"lines", Format::lines}})
      .field(
          "key", &SourceConfig::key,
          "Where the key of an event stands in its JSON, as .user or .user.id; it is taken as it "
          "is written there.")
      .field("line_max", &SourceConfig::line_max,
             "A longer line goes to the dead letters with its beginning.",
             in_range(1024, 64 * 1024 * 1024))
      .field("check", &SourceConfig::check, "Time between looks for more at the end of the file.",
             at_least(1000))
      .check("key takes a path such as .user or .user.id",
             [](const SourceConfig& c) { return c.key.empty() || KeyField::is_path(c.key); })
      .check("key needs format: ndjson",
             [](const SourceConfig& c) { return c.key.empty() || c.format == Format::ndjson; });
}

ConfigSpec<SinkConfig> sink_spec() {
  auto spec = ConfigSpec<SinkConfig>("Appends one line of NDJSON per message to a file.")
                  .field("path", &SinkConfig::path,
                         "The file; a relative path lies under the data folder.", Need::required);
  return with_envelope(std::move(spec), &SinkConfig::envelope);
}

void register_with(Registry& registry) {
  registry.add_source("file", source_spec(), make_source);
  registry.add_sink("file", FileSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::file
