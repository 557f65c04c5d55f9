export { readYaml as read } from './read-yaml.js'
