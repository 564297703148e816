#include "core/worker/wire_start.h"

#include "core/worker/wire.h"

namespace tidemill::worker {
namespace {

struct StartHead {
  std::uint64_t memory_bytes_max = 0;
  std::uint64_t engine = 0;
  std::uint64_t option_count = 0;
  Text plugin, function;
};

}  // namespace

Result<std::size_t> write_start(std::span<char> area, const Start& start) {
  AreaWriter writer(area);
  const auto heads = writer.structs<StartHead>(1);
  const auto options = writer.structs<Pair>(start.config.size());
  if (writer.fits()) {
    heads[0] = {start.memory_bytes_max, start.engine, options.size(), writer.text(start.plugin),
                writer.text(start.function)};
    for (std::size_t i = 0; i < options.size(); ++i)
      options[i] = {writer.text(start.config[i].first), writer.text(start.config[i].second)};
  }
  if (!writer.fits())
    return fail(Fault::bad_config, "its configuration is larger than its memory (memory:)");
  return writer.used();
}

Result<Start> read_start(std::string_view area) {
  AreaReader reader(area);
  const auto heads = reader.structs<StartHead>(1);
  if (!reader.sound()) return fail(Fault::transient, "the engine said nothing to start");
  Start start;
  start.plugin = reader.text(heads[0].plugin);
  start.function = reader.text(heads[0].function);
  start.memory_bytes_max = heads[0].memory_bytes_max;
  start.engine = heads[0].engine;
  for (const Pair& pair : reader.structs<Pair>(heads[0].option_count))
    start.config.emplace_back(reader.text(pair.name), reader.text(pair.value));
  if (!reader.sound()) return fail(Fault::transient, "the engine said half of what to start");
  return start;
}

}  // namespace tidemill::worker
