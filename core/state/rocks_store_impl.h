// What a RocksStore is made of. Only its own files include this.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/state/catalog.h"
#include "core/state/change_feed.h"
#include "core/state/commit_batch.h"
#include "core/state/dead_letters.h"
#include "core/state/expired_numbers.h"
#include "core/state/marks.h"
#include "core/state/outboxes.h"
#include "core/state/replays.h"
#include "core/state/rocks_store.h"
#include "core/state/stored_progress.h"
#include "core/state/streams.h"
#include "core/state/windows.h"

namespace tidemill {

struct RocksStore::Impl {
  Impl(std::unique_ptr<state::Database> d, std::string shown, std::string new_id)
      : database(std::move(d)), shown_as(std::move(shown)), new_engine_id(std::move(new_id)) {}

  Result<> load();
  Result<> load_again();
  Result<> begin_epoch();
  Result<> make_tables();
  Result<std::optional<Row>> read_row(TableId table, std::string_view text,
                                      std::optional<EventTime> window, WallTime now) const;
  Result<std::string> key_of_name(TableId table, std::string_view name) const;
  Result<> open_for(const CommitPart& part);

  std::unique_ptr<state::Database> database;  // First: everything below refers to it.
  const std::string shown_as;
  const std::string new_engine_id;
  std::string engine_id;  // Never changes once the store is open.
  std::atomic<std::uint64_t> epoch = 0;
  std::uint64_t dead_letter_next = 1;  // Of the thread that commits.
  state::Catalog catalog{*database};
  state::Identities identities{*database};
  state::Marks marks{*database};
  state::Outboxes outboxes{*database};
  state::DeadLetters dead_letters{*database};
  state::Replays replays{*database};
  state::ExpiredNumbers expired{*database};
  state::Streams streams{*database};
  state::ChangeFeed changes{*database, streams};
  state::Windows windows{*database, changes};
  std::optional<state::CommitBatch> batch;
  std::uint64_t commits = 0;  // Since the folder was opened.
};

}  // namespace tidemill
