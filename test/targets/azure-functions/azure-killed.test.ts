import { endsAnywhere } from '../../azure/killed-story.ts';

endsAnywhere('Flex Consumption', {});
