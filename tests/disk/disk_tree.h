// DiskTree: files and folders of which a power cut keeps only what was synced, and by chance a
// little more.
//
// The rules are those of a file system with a journal. Of a file's bytes the synced ones stay, and
// a beginning of those behind. Of a folder's changes (names made, moved and removed) those before
// its last sync stay, and the first few behind, in their order. Syncing a file says nothing about
// its name.
//
// Thread safety: none; UnsyncedDisk guards it. In memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::sim {

struct Node {
  using Names = std::map<std::string, std::shared_ptr<Node>, std::less<>>;

  // A change of a folder that was not synced yet.
  struct Change {
    std::string name;
    std::shared_ptr<Node> node;  ///< Null: the name goes away.
    std::string moved_from;      ///< In the same folder; goes away in the same instant.
  };

  bool folder = false;

  // Of a file.
  std::string bytes;
  std::size_t synced = 0;

  // Of a folder.
  Names names;
  Names synced_names;
  std::vector<Change> changes;  ///< From synced_names to names.
};

class DiskTree {
 public:
  /// Null when there is nothing at `path`.
  std::shared_ptr<Node> find(std::string_view path) const;

  /// False when the folder above `path` is missing.
  bool put(std::string_view path, std::shared_ptr<Node> node);
  bool remove(std::string_view path);
  bool move(std::string_view from, std::string_view to);

  static void sync(Node& node);

  /// The power is cut and comes back. Equal trees and seeds leave equal trees.
  void crash(std::uint64_t seed);

  std::uint64_t bytes() const;

 private:
  std::shared_ptr<Node> root_ = make_root();

  static std::shared_ptr<Node> make_root();
  std::shared_ptr<Node> parent_of(std::string_view path, std::string& name) const;
};

}  // namespace tidemill::sim
