// Integers and strings that cannot be confused with another of the same shape.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <utility>

namespace tidemill {

/// No implicit conversion in either direction: an Offset is never taken for a Partition.
template <class Tag, class T>
struct Id {
  T value{};
  constexpr Id() = default;
  constexpr explicit Id(T v) : value(std::move(v)) {}
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

/// An ordering domain of a source, whatever its system calls it (partition, shard, file).
using Partition = Id<struct PartitionTag, std::uint32_t>;

/// A place in a partition. Log sources use their system's own numbers; others number events as
/// they arrive, and such numbers mean nothing after a restart.
using Offset = Id<struct OffsetTag, std::uint64_t>;

/// Immutable numbers from the store's registry: a renamed pipeline keeps its own.
using PipelineId = Id<struct PipelineIdTag, std::uint32_t>;
using TableId = Id<struct TableIdTag, std::uint32_t>;

}  // namespace tidemill

template <class Tag, class T>
struct std::hash<tidemill::Id<Tag, T>> {
  std::size_t operator()(const tidemill::Id<Tag, T>& id) const noexcept {
    return std::hash<T>{}(id.value);
  }
};
