#include "file_log.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace tidemill::file {
namespace {

constexpr int byte_bits = 48;
constexpr std::uint64_t byte_mask = (std::uint64_t{1} << byte_bits) - 1;

}  // namespace

FileLog::FileLog(std::string name, Partition partition, Shared shared,
                 std::shared_ptr<const Origin> origin)
    : name_(std::move(name)),
      partition_(partition),
      shared_(shared),
      origin_(std::move(origin)),
      reader_(shared.config, origin_) {}

void FileLog::resume(std::optional<Offset> next) {
  file_.reset();
  generation_.reset();
  resume_at_ = 0;
  if (!next) return;
  generation_ = static_cast<Generation>(next->value >> byte_bits);
  resume_at_ = next->value & byte_mask;
}

Offset FileLog::offset(std::uint64_t byte) const {
  return Offset((std::uint64_t{generation_.value_or(0)} << byte_bits) | byte);
}

Result<FileLog::Fill> FileLog::fill(Instant now) {
  for (;;) {
    if (!reader_.fault().empty()) return unreadable({Fault::bad_config, reader_.fault()});
    if (!file_) {
      const auto found = find_file();
      if (!found || *found == Fill::missing) return found;
    }
    // It may have been cut and have grown beyond where we are.
    if (at_end_ && file_->was_cut()) {
      if (auto anew = begin_anew("was cut"); !anew) return std::unexpected(anew.error());
      continue;
    }
    if (!ends_ && now >= next_look_)
      if (auto looked = look_at_name(now); !looked) return std::unexpected(looked.error());
    const auto got = file_->read_to(reader_);
    if (!got) return unreadable(got.error());
    at_end_ = *got == 0;
    if (!at_end_) {
      const auto learned = file_->learn_beginning();
      if (!learned) return unreadable(learned.error());
      if (*learned) {
        shared_.history.record(name_, *generation_, file_->id());
        std::ignore = shared_.history.save();  // Nothing depends on it yet; the next one says why.
      }
      return Fill::some;
    }
    if (file_->before_resume() || file_->was_cut()) {
      const std::string_view why =
          file_->before_resume() ? "is shorter than what was read of it" : "was cut";
      if (auto anew = begin_anew(why); !anew) return std::unexpected(anew.error());
      continue;
    }
    if (auto looked = look_at_name(now); !looked) return std::unexpected(looked.error());
    const bool done = is_done_with_file(now);
    if (!done && !ends_) return Fill::nothing;
    const auto more = finish_file();
    if (!more) return unreadable(more.error());
    if (*more) return Fill::some;
    if (!done) return Fill::ended;
    if (auto next = begin_next(); !next) return std::unexpected(next.error());
  }
}

// Finds the file of generation_, or else of the next one that there is.
Result<FileLog::Fill> FileLog::find_file() {
  FileHistory& history = shared_.history;
  for (;;) {
    auto named = open_regular(name_);
    if (!named) return std::unexpected(named.error());
    const int file = named->get();
    FileId id;
    if (*named) {
      const auto identified = identify(file);
      if (!identified) return std::unexpected(identified.error());
      id = *identified;
      if (!generation_) generation_ = history.current(name_, file, id);
    }
    auto known = generation_ ? history.find(name_, *generation_) : std::nullopt;
    if (*named && !known) {
      // Progress of a time without history is progress of this file.
      history.record(name_, *generation_, id);
      known = id;
    }
    if (*named && is_same(*known, file, id)) {
      if (id.head_bytes > known->head_bytes) history.record(name_, *generation_, id);
      return take_up(std::move(*named), id);
    }
    FileId found;
    if (auto renamed = known ? find_renamed(*known, found) : Descriptor(); renamed)
      return take_up(std::move(renamed), found);
    if (!*named) {
      if (!std::exchange(said_missing_, true))
        shared_.log.write(LogLevel::info, "waiting for the file " + name_);
      return Fill::missing;
    }
    shared_.log.write(LogLevel::info,
                      known->inode == id.inode
                          ? "the file " + name_ +
                                " was cut or written anew meanwhile; reading it from its beginning"
                          : "another file has the name " + name_ +
                                ", and the one before it is gone; reading it from its beginning");
    if (auto begun = begin(history.after(name_, *generation_, id)); !begun)
      return std::unexpected(begun.error());
  }
}

Result<FileLog::Fill> FileLog::take_up(Descriptor file, const FileId& id) {
  // Only now may there be events of this generation.
  if (auto saved = shared_.history.save(); !saved) return std::unexpected(saved.error());
  file_.emplace(std::move(file), id, shared_.config.compression, name_, resume_at_);
  reader_.start();
  at_end_ = finished_ = said_missing_ = false;
  named_inode_ = id.inode;
  replaced_at_.reset();
  next_look_ = Instant{};
  return Fill::some;
}

// The file among those beside ours, whatever its name. No descriptor: it is not there.
Descriptor FileLog::find_renamed(const FileId& wanted, FileId& found) const {
  std::error_code error;
  const auto folder = std::filesystem::path(name_).parent_path();
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    struct stat status{};
    const std::string path = it->path().string();
    if (::lstat(path.c_str(), &status) != 0 || status.st_ino != wanted.inode) continue;
    auto file = open_regular(path);
    if (!file || !*file) continue;
    const auto id = identify(file->get());
    if (!id || !is_same(wanted, file->get(), *id)) continue;
    shared_.log.write(LogLevel::info,
                      "the file " + name_ + " is called " + path + " now; reading its rest first");
    found = *id;
    return std::move(*file);
  }
  return {};
}

Result<> FileLog::begin(Generation generation) {
  if (generation > FileHistory::generation_max)
    return fail(
        Fault::bad_config,
        "the file " + name_ + " began anew more than " +
            std::to_string(FileHistory::generation_max) +
            " times; reset the progress of this pipeline and remove its history below files/ "
            "in the data folder");
  generation_ = generation;
  resume_at_ = 0;
  file_.reset();
  return {};
}

// Of the files that had the name since, the first.
Result<> FileLog::begin_next() {
  const auto next = shared_.history.next(name_, *generation_, file_->descriptor(), file_->id());
  return begin(next.value_or(*generation_ + 1));
}

Result<> FileLog::begin_anew(std::string_view why) {
  shared_.log.write(LogLevel::info, "the file " + name_ + ' ' + std::string(why) +
                                        "; reading it from its beginning");
  const auto id = identify(file_->descriptor());
  if (!id) return std::unexpected(id.error());
  return begin(shared_.history.after(name_, *generation_, *id));
}

std::unexpected<Error> FileLog::unreadable(const Error& error) const {
  return fail(error.fault, "cannot read the file " + name_ + ": " + error.message);
}

// Does another file have the name? Noted at once: it may be gone by the time its turn comes.
Result<> FileLog::look_at_name(Instant now) {
  next_look_ = now + shared_.config.check;
  struct stat status{};
  if (::stat(name_.c_str(), &status) != 0) return {};  // Renamed away; a new one may come.
  const std::uint64_t ours = file_->id().inode;
  if (status.st_ino == ours) replaced_at_.reset();
  if (status.st_ino == named_inode_) return {};
  named_inode_ = status.st_ino;
  if (named_inode_ == ours) return {};
  const auto named = open_regular(name_);
  if (!named) return std::unexpected(named.error());
  if (!*named) return {};
  const auto id = identify(named->get());
  if (!id) return std::unexpected(id.error());
  shared_.history.current(name_, named->get(), *id);
  if (!replaced_at_) {
    replaced_at_ = now;
    shared_.log.write(LogLevel::info, "another file has the name " + name_ +
                                          "; reading the rest of the one before it first");
  }
  return shared_.history.save();
}

// Whoever writes to it may take a while to learn that it was replaced.
bool FileLog::is_done_with_file(Instant now) const {
  return replaced_at_ && (ends_ || now - *replaced_at_ >= shared_.config.rotate_wait);
}

// True: that gave some more bytes, or made a record of the last ones.
Result<bool> FileLog::finish_file() {
  if (finished_) return false;
  file_->end();
  const auto got = file_->read_to(reader_);
  if (!got) return std::unexpected(got.error());
  if (*got > 0) return true;
  finished_ = true;
  reader_.end();
  return reader_.has_rest();
}

bool FileLog::is_gone() const {
  struct stat status{};
  if (file_ && (!at_end_ || ::fstat(file_->descriptor(), &status) != 0 || status.st_nlink > 0))
    return false;
  return ::stat(name_.c_str(), &status) != 0;
}

}  // namespace tidemill::file
