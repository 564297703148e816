// The values of the family streams. Pure functions, as values.h:
//
//   stream  = 01 partitions:u64
//   state   = 01 first:u64 next:u64 records:u64 bytes:u64 put:u64 written:u64
//   record  = 01 written:u64 deliver_at:u64 time:u64 bytes_before:u64
//             id source type subject key group content_type data count:u32 (name value)*
//
// Texts of a record are size:u32 bytes. `put` is the bytes of all records ever put, `written` when
// the last one was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/stream.h"

namespace tidemill::state {

/// A partition as it is kept.
struct StoredStream {
  StreamState state;
  std::uint64_t put = 0;
  WallTime written;
};

std::string stream_state_value(const StoredStream& stream);
std::optional<StoredStream> read_stream_state(std::string_view value);

void append_stream_record(std::string& out, const StreamAppend& record, WallTime written,
                          std::uint64_t bytes_before);

/// All but the number, which is in the key. The views point into `value`; the extensions are put
/// behind `extensions`, and the record's span is left empty, since that vector may still move.
std::optional<StreamRecord> read_stream_record(std::string_view value,
                                               std::vector<Attribute>& extensions);

}  // namespace tidemill::state
