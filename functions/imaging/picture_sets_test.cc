// Runs every picture there is: those of tests/data, and the large sets where they are present.
// Whatever a file holds, the answer is a thumbnail or a reason; which of the two is compared with
// what two other decoders said of it.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <map>

#include "imaging/make_thumbnail.h"
#include "imaging/test_pictures.h"

namespace tidemill::imaging {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// The large sets stand beside the source tree or where the environment says; else empty.
fs::path shared_pictures() {
  const char* named = std::getenv("TIDEMILL_SHARED_DATA");
  const fs::path data =
      named != nullptr ? fs::path(named) : fs::path(TIDEMILL_SOURCE_DIR) / "../shared/data";
  return fs::exists(data / "images/expected.json") ? data / "images" : fs::path();
}

std::vector<fs::path> files_under(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    const bool text = extension == ".md" || extension == ".json";
    if (entry.is_regular_file() && !text) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

// A decode that takes longer than this is a hang, whatever it returns. Counted in questions for
// the deadline and not in time, so that a slow machine changes nothing.
class PatienceLimit {
 public:
  Limits limits() {
    Limits limits;
    limits.expired = [this] { return ++questions_ > questions_max; };
    return limits;
  }
  bool exceeded() const { return questions_ > questions_max; }

 private:
  static constexpr int questions_max = 200'000;
  int questions_ = 0;
};

struct Tally {
  int thumbnails = 0;
  int refusals = 0;
};

Tally run_all(const fs::path& folder,
              const std::function<void(const fs::path&, Bytes, const Result<Thumbnail>&)>& check) {
  Tally tally;
  for (const fs::path& file : files_under(folder)) {
    const auto bytes = testing::read_file(file);
    PatienceLimit patience;
    const Result<Thumbnail> made = make_thumbnail(bytes, {}, patience.limits());
    EXPECT_FALSE(patience.exceeded()) << file << " takes for ever";
    if (made) {
      ++tally.thumbnails;
      EXPECT_LE(made->size.width, 200) << file;
      EXPECT_LE(made->size.height, 200) << file;
      EXPECT_EQ(testing::decode(made->bytes).size, made->size) << file;
    } else {
      ++tally.refusals;
      EXPECT_EQ(made.error().fault, Fault::bad_event) << file;
      EXPECT_FALSE(made.error().message.empty()) << file;
    }
    check(file, bytes, made);
  }
  return tally;
}

TEST(PictureSets, EveryPictureOfThisTreeGivesAThumbnailOrAReason) {
  const Tally tally = run_all(testing::pictures(), [](const auto&, Bytes, const auto&) {});
  std::cout << "tests/data: " << tally.thumbnails << " thumbnails, " << tally.refusals
            << " refusals\n";
  EXPECT_GT(tally.thumbnails, 40);
  EXPECT_GT(tally.refusals, 20);
}

// What two independent decoders agree on, and what this one decides on purpose otherwise.
class Expectations {
 public:
  explicit Expectations(const fs::path& folder) {
    const auto text = testing::read_file(folder / "expected.json");
    files_ = json::parse(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()))
                 .as_object();
  }

  // Nothing when the two disagree or do not know the file.
  std::optional<bool> decodes(const std::string& name) const {
    const auto* file = files_.if_contains(name);
    if (file == nullptr || decided_here(name)) return std::nullopt;
    const json::value* load = file->as_object().at("pillow").as_object().if_contains("load");
    const bool pillow = load != nullptr && load->as_string() == "ok";
    const bool opencv = file->as_object().at("opencv").as_object().at("ok").as_bool();
    if (pillow != opencv) return std::nullopt;
    return pillow;
  }

  std::optional<Size> upright(const std::string& name) const {
    const auto* file = files_.if_contains(name);
    if (file == nullptr) return std::nullopt;
    const json::value* size = file->as_object().at("opencv").as_object().if_contains("oriented");
    if (size == nullptr || !size->is_array()) return std::nullopt;
    return Size{.width = static_cast<int>(size->as_array()[0].as_int64()),
                .height = static_cast<int>(size->as_array()[1].as_int64())};
  }

 private:
  // Refused here, where others spend ten seconds or a gigabyte, or invent samples that the file
  // does not have.
  static bool decided_here(const std::string& name) {
    return name.starts_with("made/bomb/") || name.starts_with("made/bad/flip_") ||
           name == "hostile/hopper_bad_exif.jpg" ||
           name == "hostile/jd_dc-predictor-overflow.jpg" ||
           name == "formats/partial_progressive.jpg";
  }

  json::object files_;
};

// The large sets are run where they are to be had, and are no test elsewhere.
std::vector<fs::path> large_sets() {
  const fs::path folder = shared_pictures();
  if (folder.empty()) return {};
  return {folder};
}

class LargePictureSets : public ::testing::TestWithParam<fs::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LargePictureSets);
INSTANTIATE_TEST_SUITE_P(BesideTheProject, LargePictureSets, ::testing::ValuesIn(large_sets()));

TEST_P(LargePictureSets, AgreeWithOtherDecoders) {
  const fs::path& folder = GetParam();
  const Expectations expected(folder);
  const Tally tally =
      run_all(folder, [&](const fs::path& file, Bytes bytes, const Result<Thumbnail>& made) {
        const std::string name = fs::relative(file, folder);
        if (!sniff(bytes)) return;
        if (const auto decodes = expected.decodes(name)) {
          EXPECT_EQ(made.has_value(), *decodes)
              << name << ": " << (made ? "" : made.error().message);
        }
        // OpenCV does not apply the orientation of WebP and PNG.
        if (!made || made->source.format != Format::jpeg) return;
        if (const auto upright = expected.upright(name)) {
          EXPECT_EQ(upright_size(made->source), *upright) << name;
        }
      });
  std::cout << folder << ": " << tally.thumbnails << " thumbnails, " << tally.refusals
            << " refusals\n";
}

}  // namespace
}  // namespace tidemill::imaging
