// Memory that others write or own: exports, mirrors on GPUs, files as leaves.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "helpers.h"
#include "tandem/graph/evaluator.h"

namespace tandem {
namespace {

constexpr Device kGpu1{DeviceType::gpu, 1};

uint64_t copied_again() {
  const memory::LedgerCounts counts = memory::Ledger::instance().counts();
  return counts.transfers[0][static_cast<int>(memory::Cause::export_again)];
}

// A holder who may write, as long as it lives.
class Writer {
 public:
  explicit Writer(const array& a) : data_(const_cast<float*>(a.data<float>())), owner_(a) {
    buffer().exports() += 1;
    before_ = graph::evaluator().begin_writable_export(buffer());
  }
  ~Writer() {
    graph::evaluator().end_writable_export(buffer(), before_);
    buffer().exports() -= 1;
  }
  Writer(const Writer&) = delete;
  float& operator[](int i) { return data_[i]; }

 private:
  memory::Buffer& buffer() { return *owner_.node()->storage()->buffer; }
  float* data_;
  array owner_;
  uint64_t before_ = 0;
};

float third_on(const array& a, Device device) {
  return values<float>(add(a, Scalar(1.0), device))[3];
}

TEST(Exports, writable_view_reaches_gpu) {
  const array a = ramp({1000}) + array(0.0f);
  EXPECT_EQ(third_on(a, kGpu), 4.0f);
  const uint64_t before = copied_again();
  {
    Writer view(a);
    view[3] = 10;
    EXPECT_EQ(third_on(a, kGpu), 11.0f);
    view[3] = 20;
    EXPECT_EQ(third_on(a, kGpu), 21.0f);
    EXPECT_EQ(copied_again(), before + 2);
    view[3] = 30;  // the last write, and nobody reads before the view is gone
  }
  EXPECT_EQ(third_on(a, kGpu), 31.0f);
  EXPECT_EQ(third_on(a, kGpu), 31.0f);
  EXPECT_EQ(copied_again(), before + 2);
}

TEST(Exports, a_write_reaches_every_gpu_that_has_a_copy) {
  const array a = add(ramp({1000}), Scalar(0.0), kGpu);  // its first copy is the GPU's
  EXPECT_EQ(third_on(a, kGpu), 4.0f);
  Writer view(a);
  view[3] = 10;
  EXPECT_EQ(third_on(a, kGpu1), 11.0f);
  view[3] = 20;
  EXPECT_EQ(third_on(a, kGpu1), 21.0f);
  EXPECT_EQ(third_on(a, kGpu), 21.0f);
  EXPECT_EQ(third_on(a, kCpu), 21.0f);
}

TEST(Exports, a_view_that_only_reads_keeps_the_mirrors) {
  const array a = ramp({1000}) + array(0.0f);
  EXPECT_EQ(third_on(a, kGpu), 4.0f);
  a.node()->storage()->buffer->exports() += 1;
  const Gain gain;
  const array b = add(a, Scalar(1.0), kGpu);
  eval(b);
  EXPECT_EQ(gain.transfers(), 0u);
  a.node()->storage()->buffer->exports() -= 1;
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tandem_file_test_XXXXXX";
    const int file = mkstemp(name);
    ASSERT_GE(file, 0);
    close(file);
    path_ = name;
    std::vector<float> elements(100000);
    for (size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<float>(i);
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(elements.data()),
               static_cast<std::streamsize>(elements.size() * sizeof(float)));
  }
  void TearDown() override { unlink(path_.c_str()); }

  template <class F>
  static std::string io_error(F&& f) {
    try {
      f();
    } catch (const IoError& error) {
      return error.what();
    }
    return "nothing was raised";
  }

  std::string path_;
};

TEST_F(Files, are_leaves_on_every_device) {
  std::optional<array> a = array::from_file(path_, 400, Shape{10, 1000}, Dtype::float32);
  EXPECT_EQ(values<float>(*a)[9999], 10099.0f);
  EXPECT_EQ(values<float>(add(*a, Scalar(1.0), kGpu))[0], 101.0f);
  EXPECT_EQ(sum(*a + array(0.0f)).item<float>(),
            sum(ramp({10, 1000}, 100.0, 1.0) + array(0.0f)).item<float>());
  EXPECT_EQ(array::from_file(path_, 0, Shape{0, 3}, Dtype::int8).size(), 0);
  std::optional<array> kept = *a * array(2.0f);
  const memory::Buffer* buffer = a->node()->storage()->buffer.get();
  EXPECT_TRUE(buffer->foreign());
  a.reset();
  const Gain gain;
  kept->eval();
  EXPECT_EQ(gain.donations(), 0u);  // nobody writes into a file
  EXPECT_EQ(values<float>(*kept)[0], 200.0f);
}

TEST_F(Files, missing_and_short_ones_are_errors) {
  EXPECT_EQ(io_error([] { array::from_file("/nowhere/x", 0, Shape{3}, Dtype::float32); }),
            "[file] cannot open '/nowhere/x': No such file or directory");
  EXPECT_EQ(io_error([] { array::from_file("/tmp", 0, Shape{3}, Dtype::float32); }),
            "[file] '/tmp' is no regular file");
  EXPECT_EQ(io_error([&] { array::from_file(path_, 8, Shape{100000}, Dtype::float32); }),
            "[file] '" + path_ + "' is too short: got 400000 bytes, expected at least 400008");
  EXPECT_THROW(array::from_file(path_, 2, Shape{3}, Dtype::float32), ArgumentError);
}

TEST_F(Files, a_file_that_is_cut_is_an_error_and_not_the_end) {
  const array a = array::from_file(path_, 0, Shape{100000}, Dtype::float32);
  const array b = array::from_file(path_, 0, Shape{10}, Dtype::float32);
  const array sums = a + array(1.0f);
  ASSERT_EQ(truncate(path_.c_str(), 4096), 0);
  EXPECT_EQ(io_error([&] { sums.eval(); }),
            "[file] '" + path_ + "' is too short: got 4096 bytes, expected at least 400000");
  EXPECT_THROW(a.data(), IoError);
  EXPECT_FALSE(sums.evaluated());
  EXPECT_EQ(values<float>(b)[9], 9.0f);
  ASSERT_EQ(truncate(path_.c_str(), 400000), 0);
  EXPECT_EQ(values<float>(sums)[9], 10.0f);
}

}  // namespace
}  // namespace tandem
