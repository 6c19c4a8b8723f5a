"""TensorFlow.js, a program of Node.js."""
