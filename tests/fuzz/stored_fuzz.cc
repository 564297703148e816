// Any bytes at all in the store are refused, or a key or value that is written back as the same
// bytes. Of values it is the bytes' meaning that must come back: there are several ways to write a
// flag that is not set.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/state/keys.h"
#include "core/state/stream_record.h"
#include "core/state/values.h"

namespace {

using namespace tidemill;
using namespace tidemill::state;

void same(bool holds) {
  if (!holds) std::abort();
}

void check_keys(std::string_view bytes) {
  if (const auto key = decode_row_key(bytes)) {
    const auto again = decode_row_key(encode_row_key(*key));
    same(again && *again == *key);
  }
  if (const auto row = read_text_row_key(bytes)) {
    const std::string written = text_row_key(decode_row_key(bytes)->table, row->text, row->window);
    same(read_text_row_key(written)->text == row->text);
  }
  if (const auto place = decode_dead_letter_key(bytes))
    same(dead_letter_key(place->pipeline, place->sequence) == bytes);
  std::ignore = decode_mark_key(bytes);
}

void check_values(std::string_view bytes) {
  if (const auto row = read_row_value(bytes)) {
    std::string written;
    append_row_value(written, *row);
    const auto again = read_row_value(written);
    same(again && *again == *row);
    std::ignore = row_body(*row);
  }
  if (const auto progress = read_log_progress(bytes)) {
    std::string written;
    append_log_progress(written, *progress);
    const auto again = read_log_progress(written);
    same(again && again->next == progress->next && again->settled == progress->settled);
  }
  if (const auto letter = read_dead_letter(bytes)) {
    std::string written;
    append_dead_letter(written, *letter);
    const auto again = read_dead_letter(written);
    same(again && again->data == letter->data && again->reason == letter->reason);
  }
  if (const auto effect = read_queued_effect(bytes)) {
    std::string written;
    append_queued_effect(written, *effect);
    const auto again = read_queued_effect(written);
    same(again && again->data == effect->data && again->metadata == effect->metadata);
  }
  if (const auto stream = read_stream_state(bytes)) {
    const auto again = read_stream_state(stream_state_value(*stream));
    same(again && again->state == stream->state && again->put == stream->put);
  }
  std::vector<Attribute> extensions;
  if (const auto record = read_stream_record(bytes, extensions)) {
    const StreamAppend append{.deliver_at = record->deliver_at,
                              .time = record->time,
                              .id = record->id,
                              .source = record->source,
                              .type = record->type,
                              .subject = record->subject,
                              .key = record->key,
                              .group = record->group,
                              .content_type = record->content_type,
                              .data = record->data,
                              .extensions = extensions};
    std::string written;
    append_stream_record(written, append, record->written, record->bytes_before);
    std::vector<Attribute> extensions_again;
    const auto again = read_stream_record(written, extensions_again);
    same(again && again->data == record->data && again->group == record->group &&
         again->bytes_before == record->bytes_before &&
         extensions_again.size() == extensions.size());
  }
  std::ignore = read_text_value(bytes);
  std::ignore = read_integer_value(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_keys(bytes);
  check_values(bytes);
  return 0;
}
