// FileSource: lines of one file as a log of one partition; see LineReader for what offsets mean.
//
// Reads on the pool, 256 KiB per hop; cutting lines is memory work and stays on the executor.
#pragma once

#include <string>
#include <vector>

#include "file.h"
#include "key_field.h"
#include "line_reader.h"
#include "tidemill/async.h"
#include "tidemill/source.h"

namespace tidemill::file {

/// Extension attribute of an event whose line is longer than line_max: the line's length. The
/// event's data is only the line's first 1 KiB; it must not reach a function.
inline constexpr std::string_view oversized_attribute = "tidemill-oversized";

class FileSource final : public Source {
 public:
  /// `config.path` is absolute.
  FileSource(SourceConfig config, Services services);

  SourceTraits traits() const override;
  std::string identity() const override;
  bool sees(std::string_view place) const override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

 private:
  enum class Cut { all, no_room };
  Cut cut_lines(Credit credit, std::vector<Event>& out);
  void append(const Line& line, WallTime now, std::vector<Event>& out);

  SourceConfig config_;
  Services services_;
  LineReader reader_;
  KeyField key_;
  Signal wake_;
  bool at_end_ = false;  ///< With until_idle: the end of the file was seen.
  bool interrupted_ = false;
};

}  // namespace tidemill::file
