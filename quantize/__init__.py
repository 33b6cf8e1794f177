"""From trained weights to model files: conversion to GGUF, quantization, comparison."""
