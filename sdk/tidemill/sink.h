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
  std::string_view sink;  ///< Its name in the pipeline.
  /// This life of the engine, where `offset` means nothing in another one: see append_identity().
  std::string_view life;
  std::span<const Event> events;    ///< Effect::event is an index into these.
  std::span<const Effect> effects;  ///< At least one.
};

/// Appends what tells `event` from every other of its pipeline, for ever: `source#id` where its
/// system gave it an id, else `source/partition@offset` or `source/key@version`; an event with an
/// origin is known by its place there, whatever it was before. Of a queue whose
/// events have no id it is `source#life.partition@offset`, which a repeat in another life does not
/// share. '#' and '%' of the parts are escaped as in a URI, so that no two events have one
/// identity.
inline void append_identity(std::string& out, const Event& event, std::string_view life) {
  const auto append = [&out](std::string_view part) {
    for (const char c : part) {
      if (c == '#') {
        out += "%23";
      } else if (c == '%') {
        out += "%25";
      } else {
        out += c;
      }
    }
  };
  if (!event.id.empty() && event.origin.empty()) {
    append(event.source);
    out += '#';
    append(event.id);
    return;
  }
  std::string place;
  if (life.empty()) {
    append_event_id(place, event);
    append(place);
    return;
  }
  append(event.source);
  out.append("#").append(life).append(".");
  out.append(std::to_string(event.partition.value)).append("@");
  out.append(std::to_string(event.offset.value));
}

/// The deterministic id of an effect, the same at every repeat and of no other effect:
/// `pipeline:sink:IDENTITY#ordinal`. What an idempotent receiver keys on, and CloudEvents' `id` of
/// what we publish. A sink whose repeats can be seen writes it where its target has a place for it.
inline std::string effect_id(const SinkBatch& batch, const Effect& effect) {
  std::string id(batch.pipeline);
  id.append(":").append(batch.sink).append(":");
  append_identity(id, batch.events[effect.event], batch.life);
  id += '#';
  return id += std::to_string(effect.ordinal);
}

class StagedSink;
class TransactionalSink;

class Sink {
 public:
  virtual ~Sink() = default;

  virtual SinkTraits traits() const = 0;

  /// Not null where effects are not written but staged by the engine; see staged_sink.h.
  virtual StagedSink* staged() { return nullptr; }

  /// Not null where effects are written in transactions; see transactional_sink.h.
  virtual TransactionalSink* transactional() { return nullptr; }

  /// Where it writes, as `scheme:location` ("folder:/abs/path/"), for Source::sees() and for
  /// people.
  virtual std::string place() const = 0;

  /// As Source::reach().
  virtual Task<Result<std::string>> reach() { co_return std::string(); }

  /// Errors: bad_config, transient.
  virtual Task<Result<>> open() = 0;

  /// Carries out every effect durably, as far as the target allows. Answers one Result per effect,
  /// in order; an empty answer means that all succeeded. transient and throttled are written again
  /// later, so often as the sink's `retry` says; unavailable, cancelled and fenced too, for as long
  /// as it takes, which holds the pipeline back; bad_event and bad_config send the effect's event
  /// to the dead letters. What is written again brings along what has to stay behind it, though
  /// that may have succeeded.
  virtual Task<std::vector<Result<>>> write(SinkBatch batch) = 0;

  /// Must not block longer than 5 s.
  virtual Task<> close() = 0;
};

}  // namespace tidemill
