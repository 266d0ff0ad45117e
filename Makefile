# make          the development environment in .venv
# make demo     convert a pretrained model and see that it is right
# make test     all tests (those whose oracle is missing are skipped; `make oracles` makes the oracles)
# make lint     ruff, mypy and the layer boundaries
# make bench    speed and memory
# make fuzz     random models, compared with their source's own runtime
# make oracles  the frameworks that say what is right, each in an environment of its own

PYTHON ?= python3
candidates = python$(1) $(wildcard $(HOME)/.pyenv/versions/$(1).*/bin/python)
found = $(firstword $(foreach path,$(call candidates,$(1)),$(shell $(path) -c 'print("$(path)")' 2>/dev/null)))
PYTHON36 ?= $(call found,3.6)
PYTHON37 ?= $(call found,3.7)
PYTHON310 ?= $(call found,3.10)
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_ROOT_USER_ACTION = ignore

BIN := .venv/bin
READY := .venv/.ready
ORACLES := tensorflow caffe opencv fluid fluid16 paddle26 paddlelite torch pretrained
COMPARED := x2paddle openvino tf2onnx
PYTEST_ARGS ?=

.PHONY: all demo test lint bench fuzz oracles clean $(ORACLES:%=oracle-%) $(COMPARED:%=oracle-%)
.SUFFIXES:

all: $(READY)

$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -q -e '.[api,caffe,keras,bench,demo,test,lint]'
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: $(READY)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) $(COMPARED:%=oracle-%) oracle-tensorflow
	@$(BIN)/python benchmarks/convert.py
	@$(BIN)/python benchmarks/latency.py
	@$(BIN)/python benchmarks/tensorflow.py
	@$(BIN)/python benchmarks/caffe.py
	@$(BIN)/python benchmarks/chain.py

fuzz: $(READY)
	@$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

clean:
	rm -rf build dist .cache .mypy_cache .pytest_cache .ruff_cache

# An environment is made in full or not at all: the stamp comes last, and a broken one is made anew.
oracles: $(ORACLES:%=oracle-%)
$(ORACLES:%=oracle-%) $(COMPARED:%=oracle-%): oracle-%: .oracles/%/.ready

.oracles/tensorflow/.ready: PACKAGES = tensorflow-cpu tf_slim tf_keras paddlepaddle==3.3.1 click libcst scipy
.oracles/paddle26/.ready: PACKAGES = paddlepaddle==2.6.2 'numpy<2' setuptools
.oracles/torch/.ready: PACKAGES = torch==2.13.0 onnx onnxscript
.oracles/caffe/.ready: PACKAGES = kendryte-caffe==1.0.0.20210829
.oracles/opencv/.ready: PACKAGES = 'opencv-python-headless<5'
.oracles/fluid/.ready: PACKAGES = paddlepaddle==1.8.5
.oracles/fluid16/.ready: PACKAGES = paddlepaddle-tiny==1.6.1
.oracles/paddlelite/.ready: PACKAGES = paddlelite==2.12 numpy
.oracles/openvino/.ready: PACKAGES = openvino
# With a newer protobuf, tf2onnx needs over 20 GB for VGG16.
.oracles/tf2onnx/.ready: PACKAGES = tf2onnx==1.17.0 tensorflow-cpu==2.15.1 onnx==1.16.2 protobuf==3.20.3 'numpy<2'
.oracles/x2paddle/.ready: PACKAGES = x2paddle==1.6.0 paddlepaddle==2.6.2 'numpy<2' onnx==1.16.2 protobuf==3.20.3 \
	six pandas requests pillow opencv-python-headless setuptools

$(foreach name,tensorflow opencv paddle26 torch openvino tf2onnx,.oracles/$(name)/.ready): .oracles/%/.ready:
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install -q $(PACKAGES)
	@touch $@

# Packages that bring trained models; their own dependencies are not needed.
.oracles/pretrained/.ready:
	@rm -rf $(@D)
	@$(PYTHON) -m pip install -q --no-deps --target $(@D) basic-pitch==0.4.0 magika==1.0.3 rapidocr-onnxruntime==1.4.4
	@touch $@

.oracles/caffe/.ready .oracles/fluid/.ready .oracles/fluid16/.ready: .oracles/%/.ready:
	@test -n "$(PYTHON36)" || { echo "$(@D): needs Python 3.6 (python3.6, or pyenv's 3.6)" >&2; exit 1; }
	@rm -rf $(@D)
	@$(PYTHON36) -m venv $(@D)
	@$(@D)/bin/pip install -q pip==21.3.1 2>/dev/null
	@$(@D)/bin/pip install -q $(PACKAGES)
	@touch $@

# X2Paddle needs a protobuf whose fast form ends with Python 3.10; on its slow one it takes five times as long.
.oracles/x2paddle/.ready:
	@test -n "$(PYTHON310)" || { echo "$(@D): needs Python 3.10 (python3.10, or pyenv's 3.10)" >&2; exit 1; }
	@rm -rf $(@D)
	@$(PYTHON310) -m venv $(@D)
	@$(@D)/bin/pip install -q $(PACKAGES)
	@touch $@

.oracles/paddlelite/.ready:
	@test -n "$(PYTHON37)" || { echo "$(@D): needs Python 3.7 (python3.7, or pyenv's 3.7)" >&2; exit 1; }
	@rm -rf $(@D)
	@$(PYTHON37) -m venv $(@D)
	@$(@D)/bin/pip install -q $(PACKAGES) 2>/dev/null
	@touch $@
