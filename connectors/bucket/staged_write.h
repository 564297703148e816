// StagedWrite: a few object effects carried out together, with as few waits for the disk as their
// durability allows.
//
//     stage   every file is written to the staging folder, and its way to the disk begins
//     sync    every file is waited for; the first wait pays for most of the others
//     commit  files are renamed and removed in the order of the effects
//     settle  every folder touched is synced, once
//
// Blocking; lives for one group of effects on one thread. A failed effect leaves no file behind.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object_metadata.h"
#include "tidemill/effect.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

class StagedWrite {
 public:
  /// Descriptors it holds open at once are bounded by three per effect: keep groups small.
  static constexpr std::size_t effects_max = 64;

  /// `name_prefix` is this group's alone below `root`.
  StagedWrite(const std::string& root, std::string name_prefix)
      : root_(root), name_prefix_(std::move(name_prefix)) {}
  StagedWrite(const StagedWrite&) = delete;
  StagedWrite& operator=(const StagedWrite&) = delete;

  /// One Result per effect. Precondition: called once; at most effects_max effects.
  std::vector<Result<>> run(std::span<const Effect> effects);

  /// False after a run() in which the file system did not keep metadata.
  bool kept_metadata() const { return kept_metadata_; }

 private:
  struct Item {
    Descriptor file;
    std::string name;              ///< In the staging folder; empty: nothing staged.
    int folder = -1;               ///< Where the object goes; owned by folders_.
    std::string_view folder_path;  ///< Key into folders_.
    Result<> result;
  };
  struct Folder {
    Descriptor open;
    Result<> synced;
  };

  void stage(const Effect& effect, Item& item, std::size_t number);
  Result<> write_staged(const Effect& effect, Item& item);
  Result<> find_folder(const Effect& effect, Item& item);
  void commit(const Effect& effect, Item& item);
  void discard(Item& item);

  const std::string& root_;
  Descriptor staging_;
  std::string name_prefix_;
  bool kept_metadata_ = true;
  std::map<std::string, Folder, std::less<>> folders_;
};

/// Removes what writers that no longer live have left in the staging folder. A file that is being
/// written is locked by its writer and stays.
///
/// Errors: bad_config (not ours to write to), transient.
Result<> remove_abandoned(const std::string& root);

}  // namespace tidemill::bucket
