#include "core/worker/wire_request.h"

#include "core/worker/wire.h"
#include "tidemill/function_abi.h"

namespace tidemill::worker {
namespace {

// Writes texts and answers where the worker sees them.
class TextWriter {
 public:
  TextWriter(AreaWriter& writer, std::uint64_t seen_at) : writer_(writer), seen_at_(seen_at) {}

  tidemill_slice text(std::string_view text) {
    if (text.empty()) return {};
    const Text written = writer_.text(text);
    return {seen<char>(written.offset), written.size};
  }

  // Events of one source share some of their texts: those are written once.
  tidemill_slice shared(std::string_view text, std::string_view before,
                        tidemill_slice written_before) {
    if (text.data() == before.data() && text.size() == before.size()) return written_before;
    return this->text(text);
  }

  template <class T>
  const T* seen(std::uint64_t offset) const {
    return reinterpret_cast<const T*>(seen_at_ + offset);
  }

 private:
  AreaWriter& writer_;
  const std::uint64_t seen_at_;
};

}  // namespace

Result<std::size_t> write_request(std::span<char> area, const Request& request,
                                  std::uint64_t invocation, std::uint64_t seen_at) {
  std::size_t pair_count = 0;
  for (const Event& event : request.events) pair_count += event.extensions.size();
  AreaWriter writer(area);
  const auto heads = writer.structs<RequestHead>(1);
  const auto events = writer.structs<tidemill_event>(request.events.size());
  const auto positions = writer.structs<RawEvents::Position>(events.size());
  auto pairs = writer.structs<tidemill_pair>(pair_count);
  const auto too_large = [&] {
    return fail(Fault::transient, "the batch is larger than the memory of its function (memory:)");
  };
  if (!writer.fits()) return too_large();

  TextWriter texts(writer, seen_at);
  const Text request_id = writer.text(request.request_id);
  static const Event none;
  static const tidemill_event raw_none{};
  const Event* before = &none;
  const tidemill_event* written = &raw_none;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& e = request.events[i];
    // Built in place: no copy of the struct is made.
    tidemill_event& w = events[i];
    w.size = sizeof w;
    w.extension_count = static_cast<std::uint32_t>(e.extensions.size());
    w.id = texts.text(e.id);
    w.source = texts.shared(e.source, before->source, written->source);
    w.type = texts.shared(e.type, before->type, written->type);
    w.subject = texts.text(e.subject);
    w.content_type = texts.shared(e.content_type, before->content_type, written->content_type);
    w.key = texts.text(e.key);
    w.data = texts.text(e.data.view());
    w.time_us = e.time.value;
    w.object_bytes = e.object_bytes;
    w.extensions = texts.seen<tidemill_pair>(
        static_cast<std::uint64_t>(reinterpret_cast<const char*>(pairs.data()) - area.data()));
    positions[i] = {.version = texts.text(e.version),
                    .offset = e.offset.value,
                    .partition = e.partition.value,
                    .reserved = 0};
    for (const Attribute& a : e.extensions) {
      pairs.front() = {texts.text(a.name), texts.text(a.value)};
      pairs = pairs.subspan(1);
    }
    before = &e;
    written = &w;
  }
  if (!writer.fits()) return too_large();
  heads[0] = {.invocation = invocation,
              .bytes = writer.used(),
              .timeout_us = static_cast<std::uint64_t>(request.timeout.count()),
              .seed = request.seed,
              .attempt = request.attempt,
              .event_count = static_cast<std::uint32_t>(events.size()),
              .request_id = request_id};
  return writer.used();
}

Result<> read_request(std::string_view area, ReadRequest& out) {
  AreaReader reader(area);
  const auto heads = reader.structs<RequestHead>(1);
  if (!reader.sound()) return fail(Fault::transient, "the engine sent no request");
  const RequestHead& head = heads[0];
  if (head.bytes != area.size()) return fail(Fault::transient, "the engine sent half a request");
  out.invocation = head.invocation;
  out.request = {.events = {},
                 .request_id = reader.text(head.request_id),
                 .attempt = head.attempt,
                 .timeout = Duration(head.timeout_us),
                 .seed = head.seed,
                 .read_object = {}};
  out.events.events = reader.structs<tidemill_event>(head.event_count);
  out.events.positions = reader.structs<RawEvents::Position>(head.event_count);
  if (!reader.sound()) return fail(Fault::transient, "the engine sent half a request");
  return {};
}

}  // namespace tidemill::worker
