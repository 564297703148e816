// OpenFile: an open file as a stream of bytes: decompressed, and from the byte on that is wanted.
//
// Fills a RecordReader. A plain file is read from that byte on; an archive, and the header of a
// CSV, from the beginning. Blocks; one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "file_id.h"
#include "records/decoder.h"
#include "records/record_reader.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill::file {

/// No descriptor: there is no such file.
///
/// Errors: bad_config (no regular file, no permission), transient.
Result<Descriptor> open_regular(const std::string& path);

class OpenFile {
 public:
  /// What `name` and its first bytes say about compression counts where `compression` is automatic.
  OpenFile(Descriptor file, const FileId& id, records::Compression compression,
           const std::string& name, std::uint64_t resume_at);
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  /// Reads on, into `reader`, which this file alone fills. How many bytes came; 0: none, for now.
  ///
  /// Errors: bad_config (a damaged archive), transient.
  Result<std::size_t> read_to(records::RecordReader& reader);

  /// There will be no more bytes than there are now. See records::Decoder::end().
  void end() { decoder_.end(); }

  /// Has the byte to resume at not been reached? At the end, that is: the file is shorter.
  bool before_resume() const { return resume_at_ > 0; }

  /// Does it not begin any more with what was read of it, or not reach as far?
  bool was_cut() const;

  /// Looks at its beginning again where it was short. True: id() knows more now.
  ///
  /// Errors: transient.
  Result<bool> learn_beginning();

  const FileId& id() const { return id_; }
  int descriptor() const { return file_.get(); }

 private:
  Result<std::size_t> read_raw(std::span<char> room);
  void skip_to_resume(records::RecordReader& reader);

  const Descriptor file_;
  FileId id_;
  const records::Compression compression_;
  records::Decoder decoder_;
  std::uint64_t resume_at_;    ///< 0: got there.
  std::uint64_t raw_at_ = 0;   ///< Byte of the file to read next.
  std::uint64_t decoded_ = 0;  ///< Bytes that came out of the decoder.
};

}  // namespace tidemill::file
