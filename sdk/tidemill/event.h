// Event: the noun every other file uses. A value: no I/O, no threads, no clock.
#pragma once

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/bytes.h"
#include "tidemill/ids.h"
#include "tidemill/time.h"

namespace tidemill {

struct Attribute {
  std::string_view name;
  std::string_view value;
};

/// What an event carried before a step of its pipeline changed it.
struct Payload {
  std::string_view data;
  std::string_view content_type;
};

/// An immutable record with the context attributes of CloudEvents 1.0, its place in its source,
/// and a payload.
///
/// Invariant: every view in here is kept alive by the owner of `data` (or lives for ever). A copy
/// of the event is therefore safe to keep; a copy of one of its views is not.
struct Event {
  // Where it came from. See SourceTraits::progress for what these mean per kind of source.
  Partition partition;
  Offset offset;
  Offset offset_next;        ///< A reader that has settled this event resumes here. > offset.
  std::string_view version;  ///< Object sources: opaque version of the object; else empty.
  std::string_view origin;   ///< Where it was read, if `source` names another: an event of a queue
                             ///< keeps the attributes that it came with.

  // CloudEvents context attributes.
  std::string_view id;      ///< The source system's own id; empty: see event_id().
  std::string_view source;  ///< URI reference of the source; one string shared by its events.
  std::string_view type;
  std::string_view subject;  ///< Object sources: the object's key, which is also its position.
  std::string_view content_type;
  EventTime time;
  IngestTime ingested;
  std::span<const Attribute> extensions;

  std::string_view key;  ///< Partition key: what `order_by: key` groups by. May be empty.
  Bytes data;            ///< Payload; content_type says how to read it.

  /// Bytes of the object this event is about, which a function may ask for (Source::read_object);
  /// 0 when there is none. They count towards a batch's and a credit's bytes.
  std::uint64_t object_bytes = 0;

  /// Its payload as the source handed it over, where a `map` has made `data` of it; else null.
  const Payload* before_map = nullptr;

  /// Of the engine: the number of the dead letter that it is played again from; 0: none.
  std::uint64_t letter = 0;

  /// What this event counts for against limits and credits.
  std::uint64_t bytes() const { return data.size() + object_bytes; }
};

/// Appends the identity of an event for people, logs, dead letters and deterministic message ids:
/// `source/partition@offset`, or `source/key@version` for an object; where it has an origin, that
/// takes the place of the source. Built on demand: most events
/// never need it.
inline void append_event_id(std::string& id, const Event& event) {
  const auto append_number = [&id](std::uint64_t value) {
    char digits[20];
    id.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  id.append(event.origin.empty() ? event.source : event.origin).push_back('/');
  if (!event.version.empty()) {
    id.append(event.subject).append("@").append(event.version);
    return;
  }
  append_number(event.partition.value);
  id.push_back('@');
  append_number(event.offset.value);
}

inline std::string event_id(const Event& event) {
  std::string id;
  append_event_id(id, event);
  return id;
}

}  // namespace tidemill
