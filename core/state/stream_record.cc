#include "core/state/stream_record.h"

#include "core/state/byte_codec.h"

namespace tidemill::state {
namespace {

constexpr std::uint8_t value_version = 1;

}  // namespace

std::string stream_state_value(const StoredStream& stream) {
  std::string out;
  append_byte(out, value_version);
  append_big_endian(out, stream.state.first);
  append_big_endian(out, stream.state.next);
  append_big_endian(out, stream.state.records);
  append_big_endian(out, stream.state.bytes);
  append_big_endian(out, stream.put);
  append_big_endian(out, stream.written.value);
  return out;
}

std::optional<StoredStream> read_stream_state(std::string_view value) {
  ByteReader reader(value);
  if (reader.byte() != value_version) return std::nullopt;
  StoredStream stream;
  stream.state.first = reader.big_endian<std::uint64_t>();
  stream.state.next = reader.big_endian<std::uint64_t>();
  stream.state.records = reader.big_endian<std::uint64_t>();
  stream.state.bytes = reader.big_endian<std::uint64_t>();
  stream.put = reader.big_endian<std::uint64_t>();
  stream.written = WallTime(reader.big_endian<std::uint64_t>());
  if (!reader.ok()) return std::nullopt;
  return stream;
}

void append_stream_record(std::string& out, const StreamAppend& record, WallTime written,
                          std::uint64_t bytes_before) {
  append_byte(out, value_version);
  append_big_endian(out, written.value);
  append_big_endian(out, record.deliver_at.value);
  append_big_endian(out, record.time.value);
  append_big_endian(out, bytes_before);
  for (const std::string_view text : {record.id, record.source, record.type, record.subject,
                                      record.key, record.group, record.content_type, record.data}) {
    append_sized(out, text);
  }
  append_big_endian(out, static_cast<std::uint32_t>(record.extensions.size()));
  for (const Attribute& extension : record.extensions) {
    append_sized(out, extension.name);
    append_sized(out, extension.value);
  }
}

std::optional<StreamRecord> read_stream_record(std::string_view value,
                                               std::vector<Attribute>& extensions) {
  ByteReader reader(value);
  if (reader.byte() != value_version) return std::nullopt;
  StreamRecord record;
  record.written = WallTime(reader.big_endian<std::uint64_t>());
  record.deliver_at = WallTime(reader.big_endian<std::uint64_t>());
  record.time = EventTime(reader.big_endian<std::uint64_t>());
  record.bytes_before = reader.big_endian<std::uint64_t>();
  for (std::string_view* text : {&record.id, &record.source, &record.type, &record.subject,
                                 &record.key, &record.group, &record.content_type, &record.data}) {
    *text = reader.sized();
  }
  const auto count = reader.big_endian<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::string_view name = reader.sized();
    extensions.push_back({name, reader.sized()});
  }
  // What follows was added by a later minor version and is not ours to judge.
  if (!reader.ok()) return std::nullopt;
  return record;
}

}  // namespace tidemill::state
