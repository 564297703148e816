// FileSource: the records of files as a log; see FileLog for what offsets mean.
//
// One path is one partition; of a pattern, each name is one. Reads on the pool, 256 KiB per hop;
// cutting records is memory work and stays on the executor. At the end of the files it is told of
// changes by the kernel where that is to be had, and looks for itself at intervals.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file.h"
#include "file_set.h"
#include "records/record_event.h"
#include "tidemill/async.h"
#include "tidemill/descriptor_watch.h"
#include "tidemill/source.h"

namespace tidemill::file {

class FileSource final : public Source {
 public:
  /// `config.path` is absolute; a pattern if `matches`.
  FileSource(SourceConfig config, bool matches, Services services,
             std::shared_ptr<FileHistories> histories);

  SourceTraits traits() const override;
  std::string identity() const override { return files_.identity(); }
  bool sees(std::string_view place) const override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void pause(Partition partition, bool paused) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override;

 private:
  enum class Cut { all, no_room };
  Cut cut_records(FileLog& log, Credit credit, std::vector<Event>& out) const;
  Task<> wait_for_news();

  const SourceConfig config_;
  const Services services_;
  FileSet files_;
  records::RecordEvents events_;
  std::vector<Partition> paused_;
  bool ended_ = false;
  bool interrupted_ = false;

  DescriptorWatch watch_;
};

}  // namespace tidemill::file
