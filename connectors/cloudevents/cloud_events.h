// CloudEvents 1.0 as messages bring them, read into events: in binary mode (attributes in headers,
// data as the body), structured (one JSON object), and batched (a list of them).
//
//     const Mode mode = mode_of(headers, http_binding);
//     if (mode != Mode::none) auto events = read_events(mode, http_binding, headers,
//     std::move(body));
//
// An event has what came with it: id, source, type, subject, content_type, time, data,
// `partitionkey` as its key, and as extensions all that is no attribute of CloudEvents itself, and
// `dataschema`. An attribute that is no text is one as CloudEvents writes it: true, -7. Who reads
// sets place and arrival, and the time where none is told. JSON data stays JSON, byte for byte.
//
// What is wrong is told in a sentence for who sent it. Free functions, thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/event.h"
#include "tidemill/http.h"
#include "tidemill/result.h"

namespace tidemill::cloudevents {

enum class Mode { none, binary, structured, batched };

/// How a protocol writes attributes into headers.
struct Binding {
  std::string_view prefix;
  bool percent_encoded;
};
inline constexpr Binding http_binding{"ce-", true};
inline constexpr Binding kafka_binding{"ce_", false};

struct Limits {
  std::size_t events_max = 1000;                ///< In one batch.
  std::size_t extensions_max = 128;             ///< Of one event.
  std::size_t attribute_bytes_max = 64 * 1024;  ///< Of one value.
  std::size_t depth_max = 128;                  ///< Of lists and objects in data.
};

/// Whether a message is a CloudEvent, and in which mode; nothing is checked.
Mode mode_of(std::span<const HttpHeader> headers, const Binding& binding);

/// The events of a message whose mode is not none; one, but for a batch, which may be empty too.
/// They share the body, which lives as long as one of them does.
///
/// Errors: bad_event. A batch is taken as a whole or not at all.
Result<std::vector<Event>> read_events(Mode mode, const Binding& binding,
                                       std::span<const HttpHeader> headers, std::string body,
                                       const Limits& limits = {});

}  // namespace tidemill::cloudevents
