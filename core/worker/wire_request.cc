#include "core/worker/wire_request.h"

#include "core/worker/wire.h"

namespace tidemill::worker {
namespace {

// Events of one source share some of their texts: those are written once.
Text shared_text(AreaWriter& writer, std::string_view text, std::string_view before,
                 Text written_before) {
  if (text.data() == before.data() && text.size() == before.size()) return written_before;
  return writer.text(text);
}

}  // namespace

Result<std::size_t> write_request(std::span<char> area, const Request& request,
                                  std::uint64_t invocation) {
  std::size_t pair_count = 0;
  for (const Event& event : request.events) pair_count += event.extensions.size();
  AreaWriter writer(area);
  const auto heads = writer.structs<RequestHead>(1);
  const auto events = writer.structs<WireEvent>(request.events.size());
  auto pairs = writer.structs<Pair>(pair_count);
  const auto too_large = [&] {
    return fail(Fault::transient, "the batch is larger than the memory of its function (memory:)");
  };
  if (!writer.fits()) return too_large();

  heads[0] = {.invocation = invocation,
              .timeout_us = static_cast<std::uint64_t>(request.timeout.count()),
              .seed = request.seed,
              .attempt = request.attempt,
              .event_count = static_cast<std::uint32_t>(events.size()),
              .pair_count = static_cast<std::uint32_t>(pair_count),
              .reserved = 0,
              .request_id = writer.text(request.request_id)};
  static const Event none;
  static const WireEvent wire_none;
  const Event* before = &none;
  const WireEvent* written = &wire_none;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& e = request.events[i];
    // Built in place: the area is not read back, and no copy of the struct is made.
    WireEvent& w = events[i];
    w.time_us = e.time.value;
    w.ingested_us = e.ingested.value;
    w.offset = e.offset.value;
    w.offset_next = e.offset_next.value;
    w.object_bytes = e.object_bytes;
    w.partition = e.partition.value;
    w.pair_count = static_cast<std::uint32_t>(e.extensions.size());
    w.id = writer.text(e.id);
    w.source = shared_text(writer, e.source, before->source, written->source);
    w.type = shared_text(writer, e.type, before->type, written->type);
    w.subject = writer.text(e.subject);
    w.content_type =
        shared_text(writer, e.content_type, before->content_type, written->content_type);
    w.version = writer.text(e.version);
    w.key = writer.text(e.key);
    w.data = writer.text(e.data.view());
    for (const Attribute& a : e.extensions) {
      pairs.front() = {writer.text(a.name), writer.text(a.value)};
      pairs = pairs.subspan(1);
    }
    before = &e;
    written = &w;
  }
  if (!writer.fits()) return too_large();
  return writer.used();
}

Result<> read_request(std::string_view area, ReadRequest& out) {
  AreaReader reader(area);
  const auto heads = reader.structs<RequestHead>(1);
  if (!reader.sound()) return fail(Fault::transient, "the engine sent no request");
  const RequestHead& head = heads[0];
  const auto events = reader.structs<WireEvent>(head.event_count);
  auto pairs = reader.structs<Pair>(head.pair_count);
  out.extensions.clear();
  // Events point into these: they must not grow while they are filled.
  out.extensions.reserve(pairs.size());
  out.events.resize(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const WireEvent& w = events[i];
    if (w.pair_count > pairs.size()) reader.spoil();
    if (!reader.sound()) break;
    const auto first = out.extensions.size();
    for (const Pair& pair : pairs.first(w.pair_count))
      out.extensions.push_back({reader.text(pair.name), reader.text(pair.value)});
    pairs = pairs.subspan(w.pair_count);

    Event& e = out.events[i];
    e.partition = Partition(w.partition);
    e.offset = Offset(w.offset);
    e.offset_next = Offset(w.offset_next);
    e.version = reader.text(w.version);
    e.id = reader.text(w.id);
    e.source = reader.text(w.source);
    e.type = reader.text(w.type);
    e.subject = reader.text(w.subject);
    e.content_type = reader.text(w.content_type);
    e.time = EventTime(w.time_us);
    e.ingested = IngestTime(w.ingested_us);
    e.extensions = std::span<const Attribute>(out.extensions).subspan(first);
    e.key = reader.text(w.key);
    e.data = Bytes::forever(reader.text(w.data));
    e.object_bytes = w.object_bytes;
  }
  if (!reader.sound()) return fail(Fault::transient, "the engine sent half a request");
  out.invocation = head.invocation;
  out.request = {.events = out.events,
                 .request_id = reader.text(head.request_id),
                 .attempt = head.attempt,
                 .timeout = Duration(head.timeout_us),
                 .seed = head.seed,
                 .read_object = {}};
  return {};
}

}  // namespace tidemill::worker
