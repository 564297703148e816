// The arms of bench_state: the store, and loops that do the same with RocksDB alone - the same
// options, keys and values, the same order.
//
// Every arm works in a fresh folder and closes it before its clock stops, so that what RocksDB does
// in the background counts too. Ends the bench when something fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/state/load.h"
#include "core/state/store.h"

namespace tidemill::bench {

struct Work {
  std::size_t group = 0;  ///< Events or rows of one write; a batch of the engine is 1 000 of them.
  Durability durability = Durability::periodic;
};

/// What an arm took, over all threads.
struct Cost {
  double cpu_s = 0;
  double wall_s = 0;
};

/// Parses each event and counts its user: folds a group in memory, then writes it.
Cost count_with_store(const std::string& folder, const Events& events, const Work& work);
Cost count_bare(const std::string& folder, const Events& events, const Work& work);

/// Counts users without parsing; the bare arm hands RocksDB one merge an event.
Cost merge_with_store(const std::string& folder, const Events& events, const Work& work);
Cost merge_bare(const std::string& folder, const Events& events, const Work& work);

/// Puts rows of 16 byte keys, all new and in no order, and 100 byte values.
Cost put_with_store(const std::string& folder, std::size_t rows, const Work& work);
Cost put_bare(const std::string& folder, std::size_t rows, const Work& work);

/// Equal for folders with equal rows; versions of rows do not count.
std::string rows_of(const std::string& folder);

}  // namespace tidemill::bench
