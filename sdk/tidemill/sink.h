// Sink: where effects leave the engine - a folder, a file, a topic, the terminal.
//
// Driven from one executor: open -> write* -> close; write does not overlap itself unless
// SinkTraits::concurrent_writes. A sink never retries: it answers per effect what should happen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/effect.h"
#include "tidemill/result.h"

namespace tidemill {

/// What a repeat of the same effect does; `describe` prints it.
enum class Idempotence : std::uint8_t {
  atomic,         ///< Commits with the engine's own progress: exactly once.
  by_key,         ///< A repeat overwrites the same key with the same content: harmless.
  at_least_once,  ///< A repeat is seen twice; effect_id() lets a reader tell.
};

struct SinkTraits {
  Idempotence idempotence = Idempotence::at_least_once;
  bool takes_messages = false;
  bool takes_objects = false;
  bool concurrent_writes = false;  ///< write() may be called again before it has returned.
};

/// One write() call: effects of one batch for this sink, in order.
struct SinkBatch {
  std::string_view pipeline;
  std::span<const Event> events;    ///< Effect::event is an index into these.
  std::span<const Effect> effects;  ///< At least one.
};

/// The deterministic id of an effect, the same at every repeat: what an idempotent receiver keys
/// on, and CloudEvents' `id` of what we publish.
inline std::string effect_id(const SinkBatch& batch, const Effect& effect) {
  std::string id(batch.pipeline);
  id += ':';
  id += event_id(batch.events[effect.event]);
  id += '#';
  return id += std::to_string(effect.ordinal);
}

class Sink {
 public:
  virtual ~Sink() = default;

  virtual SinkTraits traits() const = 0;

  /// Where it writes, as `scheme:location` ("folder:/abs/path/"), for Source::sees() and for
  /// people.
  virtual std::string place() const = 0;

  /// Errors: bad_config, transient.
  virtual Task<Result<>> open() = 0;

  /// Carries out every effect durably, as far as the target allows. Answers one Result per effect,
  /// in order; an empty answer means that all succeeded. transient and throttled are written again
  /// later, so often as the sink's `retry` says; cancelled and fenced too, for as long as it takes;
  /// bad_event and bad_config send the effect's event to the dead letters. What is written again
  /// brings along what has to stay behind it, though that may have succeeded.
  virtual Task<std::vector<Result<>>> write(SinkBatch batch) = 0;

  /// Must not block longer than 5 s.
  virtual Task<> close() = 0;
};

}  // namespace tidemill
