// What folders of format 1 keep elsewhere, and how they come to be of this one.
#pragma once

#include <rocksdb/write_batch.h>

#include "core/state/database.h"
#include "tidemill/result.h"

namespace tidemill::state {

/// Adds to `batch` what brings the numbers of outboxes from among their effects, in `outbox`, into
/// `outbox_numbers`, and the states of streams from among their records, in `streams`, into
/// `stream_states`. Before any of them is opened. Errors: transient.
Result<> bring_from_format_1(Database& database, rocksdb::WriteBatch& batch);

}  // namespace tidemill::state
