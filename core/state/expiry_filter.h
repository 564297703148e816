// Which expired rows a compaction leaves out, so that a table with `expire:` does not grow for
// ever.
//
// Only rows that were put as something else than a number. A number may have been given a later
// expiry by a merge that lies in another file, where the filter cannot see it; such rows are
// removed by commits (expired_numbers.h). Reads do not depend on either.
//
// RocksDB calls the filter from its own threads. The time is that of the last commit.
#pragma once

#include <memory>

#include "core/state/database.h"

namespace rocksdb {
class CompactionFilterFactory;
}

namespace tidemill::state {

std::shared_ptr<rocksdb::CompactionFilterFactory> make_expiry_filter(
    std::shared_ptr<const StoreClock> clock);

}  // namespace tidemill::state
